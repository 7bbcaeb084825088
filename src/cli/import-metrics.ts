import { readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { MetricsFile, type MetricLayer } from '../../schemas/metrics.ts'
import { explain } from '../config/explain.ts'
import { toJson } from '../config/json-schema.ts'
import { metricsText, originOf, withOrigin } from '../config/metrics-text.ts'
import { configInvalid } from '../config/problem.ts'
import { readImport } from '../config/read-import.ts'
import { readMetrics, type MetricsRead } from '../config/read-metrics.ts'
import { writeWhole } from '../config/write-whole.ts'
import type { Config } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import { hint } from '../core/nearest.ts'
import type { Fault } from '../semantic/find-faults.ts'
import { importLayer } from '../semantic/interchange/import-layer.ts'
import type { LayerInput } from '../semantic/interchange/layer-input.ts'
import { toName } from '../semantic/interchange/read-item.ts'
import { checkMetrics, metricConnections } from './load-metrics.ts'

export interface ImportRequest {
  /** A file or folder, relative to `cwd`. */
  readonly path: string
  readonly connection: string
  readonly schema?: string | undefined
  /** Names the file that is written; by what is imported when absent. */
  readonly name?: string | undefined
  readonly replace: boolean
  readonly skipUnsupported: boolean
}

export interface ImportResult {
  readonly file: string
  readonly models: number
  readonly metrics: number
  readonly queries: number
  readonly calendars: number
  /** What did not come along, or means something else here: one line each, its place first. */
  readonly notes: readonly string[]
}

/** Writes another tool's metrics into the folder `metrics`, if everything in it then loads; else nothing changes. */
export async function importMetrics(
  config: Config,
  request: ImportRequest,
  cwd = process.cwd(),
): Promise<ImportResult> {
  const { connection, schema, skipUnsupported } = request
  if (config.metrics === undefined) throw new AquiferError('METRICS_NONE', 'aquifer.yaml names no folder of metrics.')
  const connections = metricConnections(config)
  if (!connections.includes(connection)) {
    const message = `There is no connection ${connection} that metrics can be computed in${hint(connection, connections)}`
    throw new AquiferError('ARGUMENT_INVALID', message)
  }
  if (schema !== undefined && !/^[\w$-]+(?:\.[\w$-]+)?$/.test(schema)) {
    throw new AquiferError('ARGUMENT_INVALID', 'A schema is letters, digits, _, $ and -, such as --schema analytics.')
  }
  const path = resolve(cwd, request.path)
  const source = sourceOf(path, config.dir)
  const file = join(config.metrics, `imported-${slug(request.name ?? nameOf(path))}.yaml`)
  if (!request.replace) await refuseEdited(file, source)
  const { documents, filled, notes } = await readImport(path, { cwd, schema })
  const others = await readMetrics(config.metrics, cwd, file)
  const imported = importLayer(documents, {
    connection,
    connections,
    calendars: others.layer.calendars,
    schema,
    skipUnsupported,
    check: (layer) => findImportFaults(layer, others, connections),
  })
  await writeWhole(file, withOrigin(metricsText(imported.layer), source))
  return {
    file,
    models: count(imported.layer.models),
    metrics: count(imported.layer.metrics),
    queries: count(imported.layer.queries),
    calendars: count(imported.layer.calendars),
    notes: [
      ...notes,
      ...(schema === undefined || filled || imported.usesSchema
        ? []
        : [`--schema ${schema} was not needed: every table names its own schema`]),
      ...imported.notes,
    ],
  }
}

const fileSchema = toJson(MetricsFile)

/** What the imported objects would be refused for. CONFIG_INVALID where others' would, because of them or anyway. */
function findImportFaults(layer: LayerInput, others: MetricsRead, connections: readonly string[]): readonly Fault[] {
  const raw = { version: 1, ...layer }
  const parsed = MetricsFile.safeParse(raw)
  if (!parsed.success) {
    return explain(parsed.error.issues, { raw, prefix: [], schema: fileSchema }).map(({ path, message }) => ({
      path: path.map((part) => (typeof part === 'number' ? part : String(part))),
      message,
    }))
  }
  const { version: _, ...own } = parsed.data
  const twice = kinds.flatMap((kind) =>
    Object.keys(own[kind])
      .filter((name) => Object.hasOwn(others.layer[kind], name))
      .map((name) => ({ path: [kind, name], message: `stands in ${others.document.place([kind, name], 'key')} too` })),
  )
  if (twice.length > 0) return twice
  const { faults } = checkMetrics(merge(others.layer, own), connections)
  const isOwn = ({ path: [kind, name] }: Fault): boolean =>
    kinds.some((one) => one === kind && Object.hasOwn(own[one], String(name)))
  const ours = faults.filter(isOwn)
  const theirs = faults.filter((fault) => !isOwn(fault))
  if (ours.length === 0 && theirs.length > 0) {
    throw configInvalid(
      others.document,
      theirs.map((fault) => ({ ...fault, at: 'value' as const })),
    )
  }
  return ours
}

const kinds = ['models', 'metrics', 'queries', 'calendars'] as const

function merge(a: MetricLayer, b: MetricLayer): MetricLayer {
  return {
    models: { ...a.models, ...b.models },
    metrics: { ...a.metrics, ...b.metrics },
    queries: { ...a.queries, ...b.queries },
    calendars: { ...a.calendars, ...b.calendars },
  }
}

async function refuseEdited(file: string, source: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return
  const origin = originOf(text)
  if (origin?.isUnchanged !== true) {
    throw new AquiferError('METRICS_IMPORT_EDITED', `${file} was edited since it was imported.`)
  }
  if (origin.source === source) return
  throw new AquiferError('METRICS_IMPORT_EDITED', `${file} was imported from ${origin.source}.`)
}

/** The way from the folder of aquifer.yaml; of what is outside of it the end, which is the same on other machines. */
function sourceOf(path: string, dir: string): string {
  const parts = relative(dir, path).split(sep)
  return (parts[0] === '..' || isAbsolute(parts.join(sep)) ? path.split(sep).slice(-2) : parts).join('/')
}

/** `jaffle` of `jaffle/target/semantic_manifest.json`. */
function nameOf(path: string): string {
  const name = basename(path).replace(/\.\w+$/, '')
  if (name !== 'semantic_manifest') return name
  const folder = dirname(path)
  return basename(basename(folder) === 'target' ? dirname(folder) : folder)
}

const count = (objects: object): number => Object.keys(objects).length

const slug = (name: string): string => toName(name).replaceAll('_', '-')
