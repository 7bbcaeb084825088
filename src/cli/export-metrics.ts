import { yamlText } from '../config/metrics-text.ts'
import { writeWhole } from '../config/write-whole.ts'
import type { Config } from '../core/config.ts'
import { exportOsi } from '../semantic/interchange/osi/export-osi.ts'
import type { OsiDocument } from '../semantic/interchange/osi/osi-document.ts'
import { loadMetrics } from './load-metrics.ts'

export interface ExportResult {
  readonly document: OsiDocument
  readonly text: string
  readonly notes: readonly string[]
}

const note = (names: readonly string[], what: string): readonly string[] =>
  names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]

/** The folder's metrics as OSI, written to the file if one is named. */
export async function exportMetrics(config: Config, file?: string, cwd = process.cwd()): Promise<ExportResult> {
  const layer = await loadMetrics(config, cwd)
  const { document, unsaid } = exportOsi(layer)
  const text = yamlText(document)
  if (file !== undefined) await writeWhole(file, text)
  const guarded = Object.entries(layer.models).flatMap(([name, { policy }]) => (policy.length === 0 ? [] : [name]))
  const notes = [
    ...note(unsaid, 'OSI has no filters, windows and offsets, so that only Aquifer finds these metrics there'),
    ...note(guarded, 'other tools do not keep to the policy of these models'),
  ]
  return { document, text, notes }
}
