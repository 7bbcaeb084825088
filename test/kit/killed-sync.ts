import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { openChangeCounter, type Counted } from './change-counter.ts'
import type { Deployment, Stores } from './deployment.ts'
import type { OpenAiDouble } from './openai-double.ts'
import { endOf, startProgram } from './program.ts'
import type { Random } from './random.ts'

/**
 * When the process is killed: so long after its start, while it waits for vectors, after so many changes were committed,
 * or while a commit is not projected yet.
 */
export type Moment = 'time' | 'request' | 'commit' | 'projection'

/** Starts `sync` and kills it at such a moment, `skip` requests later; whether it still ran. */
export async function killSync(
  { dir, stores }: Deployment,
  double: OpenAiDouble,
  moment: Moment,
  random: Random,
  { flags = [], skip = 0 }: { readonly flags?: readonly string[]; readonly skip?: number } = {},
): Promise<boolean> {
  const child = startProgram(['--json', 'sync', ...flags], { dir })
  const ended = endOf(child)
  const kill = (): void => void child.kill('SIGKILL')
  if (moment === 'time') setTimeout(kill, random.int(100, 2500))
  else if (moment === 'request') {
    for (let at = 0; at < skip; at++) double.next(() => undefined)
    double.next(async () => {
      await sleep(random.int(0, 30))
      kill()
      return undefined
    })
  } else {
    const least = random.int(1, moment === 'commit' ? 500 : 60)
    await untilCounted(stores, child, ({ grown, unprojected }) => (moment === 'commit' ? grown : unprojected) >= least)
    kill()
  }
  const { code, stderr, stdout } = await ended
  if (code !== null && code !== 0) throw new Error(`sync ended with ${String(code)}\n${stdout}\n${stderr}`)
  return code === null
}

/** Resolves when the ledger that this process writes to is so far, or the process has ended. */
export async function untilCounted(
  stores: Stores,
  child: ChildProcess,
  isReached: (counted: Counted & { readonly grown: number }) => boolean,
): Promise<void> {
  await using counter = await openChangeCounter(stores)
  let first: number | undefined
  while (child.exitCode === null && child.signalCode === null) {
    const counted = await counter.read()
    if (counted !== undefined) {
      first ??= counted.committed
      if (isReached({ ...counted, grown: counted.committed - first })) return
    }
    await sleep(5)
  }
}
