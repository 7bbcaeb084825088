import type { App } from '../app.ts'
import { toAquiferError, toErrorView, type AquiferError } from '../core/errors.ts'
import type { UpkeepResult } from '../semantic/upkeep/upkeep.ts'

export interface NumbersOutcome extends UpkeepResult {
  /** Why nothing was done. */
  readonly error: AquiferError | undefined
}

export interface KeepOptions {
  readonly watch: boolean
  readonly signal: AbortSignal
  readonly onNote: (text: string) => void
}

const nothing: UpkeepResult = { checks: [], kept: [], elsewhere: false }

/**
 * Runs the checks of the metrics and refreshes what is kept of them: once, or in a watch whenever they are due. Never
 * rejects: sources have to be synced whatever becomes of numbers. undefined where the configuration names no metrics.
 */
export async function keepNumbers(app: App, options: KeepOptions): Promise<NumbersOutcome | undefined> {
  if (app.config.metrics === undefined) return undefined
  const { watch, signal, onNote } = options
  try {
    const { keepOnce, keepWatch } = await import('../semantic/upkeep/upkeep.ts')
    const context = await app.upkeep()
    if (!watch) return { ...(await keepOnce(context, signal)), error: undefined }
    const onResult = (result: UpkeepResult): void => troubles(result).forEach(onNote)
    const onTrouble = ({ code, message }: AquiferError): void => onNote(`Metrics: ${code} ${message} Trying again.`)
    await keepWatch(context, { signal, onResult, onTrouble })
    return { ...nothing, error: undefined }
  } catch (thrown) {
    if (signal.aborted) return { ...nothing, error: undefined }
    const error = toAquiferError(thrown)
    if (watch) onNote(`Metrics: ${error.code} ${error.message}`)
    return { ...nothing, error }
  }
}

export function numbersJson({ checks, kept, elsewhere, error }: NumbersOutcome): object {
  return {
    checks,
    kept: kept.map(({ query, how, error: failure }) => ({
      name: query,
      how,
      error: failure === undefined ? null : toErrorView(failure),
    })),
    elsewhere,
    error: error === undefined ? null : toErrorView(error),
  }
}

/** For people: how many checks hold, what does not, and what is kept. */
export function numbersText(outcome: NumbersOutcome): string {
  const { checks, kept, elsewhere, error } = outcome
  if (error !== undefined) return ''
  if (elsewhere) return 'Another process runs the checks of the metrics and keeps their numbers.'
  const good = checks.filter(({ status }) => status === 'passed').length
  const up = kept.filter(({ how }) => how !== 'failed').map(({ query }) => query)
  return [
    ...(checks.length === 0 ? [] : [`${String(good)} of ${String(checks.length)} checks of metrics hold.`]),
    ...(up.length === 0 ? [] : [`Kept up to date: ${up.join(', ')}.`]),
    ...troubles(outcome),
  ].join('\n')
}

function troubles({ checks, kept }: UpkeepResult): readonly string[] {
  const bad = checks.filter(({ status }) => status !== 'passed')
  const failed = kept.filter(({ error }) => error !== undefined)
  return [
    ...bad.map(({ metric, name, status, message }) => {
      const what = status === 'failed' ? 'fails' : 'could not be run'
      return `${metric}: check ${name} ${what}${message === null ? '' : `: ${message}`}`
    }),
    ...failed.map(({ query, error }) => `Saved query ${query}: ${error?.code ?? ''} ${error?.message ?? ''}`),
  ]
}
