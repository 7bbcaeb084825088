export interface Readiness {
  readonly ok: boolean
  /** What was looked at. Anybody may ask, so nothing else leaves the process; a reason names no source and no host. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[]
}

const keptMs = 1000
const timeoutMs = 5000

/** Asks at most once a second, for anybody may ask; no answer within five seconds, or an error, is not ready. */
export function createReadiness(ready: () => Promise<Readiness>): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | undefined
  return () => {
    if (last === undefined || performance.now() - last.at > keptMs) {
      last = { at: performance.now(), answer: ask(ready) }
    }
    return last.answer
  }
}

async function ask(ready: () => Promise<Readiness>): Promise<Readiness> {
  const late = Promise.withResolvers<Readiness>()
  const timer = setTimeout(() => late.resolve(failed('answer')), timeoutMs)
  try {
    const { ok, checks } = await Promise.race([ready(), late.promise])
    return { ok, checks: checks.map(shown) }
  } catch {
    return failed('stores')
  } finally {
    clearTimeout(timer)
  }
}

function shown({ name, ok, reason }: Readiness['checks'][number]): Readiness['checks'][number] {
  return reason === undefined ? { name, ok } : { name, ok, reason }
}

function failed(name: string): Readiness {
  return { ok: false, checks: [{ name, ok: false }] }
}
