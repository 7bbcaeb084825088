import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const clock = new URL('clock.ts', import.meta.url).href
export const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** From when on, in real time, the clock stood how far off, oldest first. */
export type ClockHistory = readonly (readonly [fromMs: number, offsetMs: number])[]

/** A process that is started again whenever it has ended, as a supervisor does. */
export interface Supervised extends AsyncDisposable {
  readonly name: string
  /** kill -9; it is started again after this time. */
  kill(awayMs: number): void
  /** It neither runs nor ends. */
  freeze(): void
  thaw(): void
  /** Its clock has this history, see clock.ts, now and after every start. */
  setClock(history: ClockHistory): void
  /** How often it ended by itself. */
  readonly exits: number
}

export interface ProcessOptions {
  readonly name: string
  /** A script of Node with its arguments. */
  readonly args: readonly string[]
  /** Where it runs, and where what it says is kept as NAME.log. */
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
}

const restartMs = 500

export function supervise({ name, args, dir, env, onLine }: ProcessOptions): Supervised {
  const log = createWriteStream(join(dir, `${name}.log`), { flags: 'a' })
  let child: ChildProcess | undefined
  let history: ClockHistory = []
  let awayMs = restartMs
  let isKilled = false
  let isOver = false
  let exits = 0
  let starts = 0
  let ended: Promise<void> = Promise.resolve()

  const start = (): void => {
    isKilled = false
    awayMs = restartMs
    const started = spawn(process.execPath, ['--import', clock, ...args], {
      cwd: dir,
      env: {
        ...process.env,
        ...env,
        PROOF_CLOCK: JSON.stringify(history),
        PROOF_RESTARTS: String(starts++),
        NODE_NO_WARNINGS: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child = started
    log.write(`--- started as ${String(started.pid)}\n`)
    started.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log.write(text)
      for (const line of text.split('\n')) onLine?.(line)
    })
    started.stderr?.pipe(log, { end: false })
    // Messages to a process that has just ended.
    started.on('error', () => {})
    ended = new Promise((resolve) => {
      started.on('close', (code) => {
        log.write(`--- ended with ${String(code)}\n`)
        resolve()
        if (isOver) return
        if (!isKilled) exits++
        void sleep(awayMs).then(() => isOver || start())
      })
    })
  }
  start()
  return {
    name,
    kill: (ms) => {
      isKilled = true
      awayMs = ms
      child?.kill('SIGKILL')
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    setClock: (changed) => {
      history = changed
      if (child?.connected === true) child.send([...changed], () => {})
    },
    get exits() {
      return exits
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true
      child?.kill('SIGCONT')
      child?.kill('SIGINT')
      const killing = setTimeout(() => child?.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(killing)
      log.end()
    },
  }
}
