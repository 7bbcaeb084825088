import type { App } from '../app.ts'
import type { SourceGroup } from '../pipeline/source-job.ts'
import type { VerifyOutcome } from '../pipeline/verify/verify.ts'

interface BesideOptions {
  readonly groups: readonly SourceGroup[]
  readonly signal: AbortSignal
  readonly onNote: (text: string) => void
}

/** The slow check beside a watch, as often as the configuration says; ends with the signal. */
export async function verifyBeside(app: App, { groups, signal, onNote }: BesideOptions): Promise<void> {
  const { verify, sources } = app.config
  if (verify === undefined) return
  const { verifyWatch } = await import('../pipeline/verify/verify-watch.ts')
  await verifyWatch(app.pipeline(), {
    settings: () => app.settings(),
    groups,
    configured: sources,
    everyMs: verify.everyMs,
    signal,
    onResult: (outcome) => {
      const text = describe(outcome)
      if (text !== '') onNote(text)
    },
  })
}

/** For people: nothing where all was in step. */
function describe({ found, remaining, complete, sources }: VerifyOutcome): string {
  const names = sources.filter(({ missing, extra, different }) => missing + extra + different > 0)
  const where = names.map(({ name }) => (name === '' ? 'no source' : name)).join(', ')
  if (found > 0) {
    const mended = `${(found - remaining).toLocaleString('en-US')} of ${found.toLocaleString('en-US')} differences`
    return `Verified: mended ${mended} (${where}). \`aquifer status\` shows when.`
  }
  return complete ? '' : 'Verified, but not everything could be compared; it will be tried again.'
}
