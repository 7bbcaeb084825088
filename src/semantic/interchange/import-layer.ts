import { AquiferError } from '../../core/errors.ts'
import { cascade } from './cascade.ts'
import { checkDraft, type Check } from './check-draft.ts'
import { byPlace, createDraft, naming, type Draft, type Failure } from './draft.ts'
import { createItem, type Item, type SourceDocument } from './item.ts'
import type { LayerInput } from './layer-input.ts'
import type { ImportOptions } from './metricflow/context.ts'
import { importMetricflow } from './metricflow/import-metricflow.ts'
import { importOsi } from './osi/import-osi.ts'
import { RefusedError } from './read-item.ts'
import { recognise, type Format } from './recognise.ts'
import { titleOf } from './title-of.ts'

export interface Imported {
  readonly layer: LayerInput
  /** What did not come along, or means something else here: one line each, its place first. */
  readonly notes: readonly string[]
  /** Where a part of the layer came from, such as `metrics.bookings` or `models.orders.measures.total`. */
  readonly places: ReadonlyMap<string, string>
  /** Whether a table was put into the schema that was given. */
  readonly usesSchema: boolean
}

interface Options extends ImportOptions {
  /** Leaves out what cannot be carried over, and what is made of it, instead of refusing the whole. */
  readonly skipUnsupported: boolean
  /** What else has to hold; it is asked again when something was left out. */
  readonly check?: Check
}

/** A layer made of another tool's files, by what they hold. METRICS_IMPORT_INVALID with everything that stands in the way. */
export function importLayer(documents: readonly SourceDocument[], options: Options): Imported {
  const found = documents.flatMap((document) => {
    const format = recognise(document.value)
    return format === undefined ? [] : [{ format, item: createItem(document) }]
  })
  const format = formatOf(found.map((one) => one.format))
  const items = found.map(({ item }) => item)
  const draft = createDraft()
  try {
    if (format === 'osi') importOsi(items, options, draft)
    else importMetricflow(items, options, draft)
  } catch (thrown) {
    if (!(thrown instanceof RefusedError)) throw thrown
    throw invalid([`${thrown.place} ${thrown.message}`], thrown)
  }
  const after = [...cascade(draft)]
  while (options.check !== undefined && checkDraft(draft, options.check)) {
    after.push(...cascade(draft))
    if (!options.skipUnsupported) break
  }
  const lines = draft.failures.map(lineOf)
  if (lines.length > 0 && !options.skipUnsupported) throw invalid([...lines.toSorted(byPlace), ...alsoOut(after)])
  noteUnread(items, draft)
  for (const line of [...draft.failures, ...after].map(lineOf)) {
    const at = line.indexOf(' ')
    draft.note(line.slice(0, at), `${line.slice(at + 1)}; left out`)
  }
  const { layer, places } = draft
  if (Object.keys(layer.models).length + Object.keys(layer.metrics).length === 0) {
    throw new AquiferError(
      'METRICS_IMPORT_INVALID',
      ['Nothing is left to import, no semantic model and no metric:', ...draft.notes()].join('\n  '),
    )
  }
  return { layer, places, notes: draft.notes(), usesSchema: draft.usesSchema }
}

function formatOf(formats: readonly Format[]): Format {
  const [format] = formats
  if (format === undefined) {
    throw invalid([
      "There are no metrics in it: neither MetricFlow's semantic_manifest.json, nor dbt's semantic models in YAML, nor OSI.",
    ])
  }
  if (formats.some((one) => one !== format)) {
    throw invalid(['It holds both OSI and semantic models of dbt; import them one after the other.'])
  }
  return format
}

const lineOf = (failure: Failure): string => `${failure.place} ${naming(failure)}: ${failure.message}`

function alsoOut(after: readonly Failure[]): readonly string[] {
  if (after.length === 0) return []
  return [`--skip-unsupported would leave out with them: ${after.map((one) => naming(one)).join(', ')}`]
}

function noteUnread(items: readonly Item[], { note }: Draft): void {
  for (const item of items) {
    for (const one of item.unread()) note(one.place, `${titleOf(one, item)}: left out; it has no counterpart here`)
  }
}

function invalid(lines: readonly string[], cause?: unknown): AquiferError {
  const [first = ''] = lines
  const message = lines.length === 1 ? first : `This cannot be carried over:\n  ${lines.join('\n  ')}`
  return new AquiferError('METRICS_IMPORT_INVALID', message, { cause })
}
