import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MetricsFile, type MetricLayer } from '../../schemas/metrics.ts'
import { explain } from './explain.ts'
import { toJson } from './json-schema.ts'
import { parseYaml } from './parse-yaml.ts'
import { invalid, problemLines, type ConfigDocument, type Path, type Problem } from './problem.ts'
import { importConfig, readText } from './read-config.ts'

/** The layer, and the way from a path such as `['metrics', 'revenue', 'measure']` to its place in one of the files. */
export interface MetricsRead {
  readonly layer: MetricLayer
  readonly document: ConfigDocument
}

const kinds = ['models', 'metrics', 'queries', 'calendars'] as const
const fileSchema = toJson(MetricsFile)

/**
 * Reads every file of a folder as one layer: YAML, or TypeScript (`*.metrics.ts`). CONFIG_INVALID with everything wrong in any of them. `besides`: one of
 * them is about to be replaced, so that there need not be any.
 */
export async function readMetrics(folder: string, cwd: string, besides?: string): Promise<MetricsRead> {
  const shown = (path: string): string => (relative(cwd, path).startsWith('..') ? path : relative(cwd, path))
  const layer: MetricLayer = { models: {}, metrics: {}, queries: {}, calendars: {} }
  const owners = new Map<string, ConfigDocument>()
  const wrong: string[] = []
  for (const path of await listFiles(folder, shown(folder), besides)) {
    const document = path.endsWith('.ts')
      ? await importConfig(path, shown(path), 'defineMetrics')
      : parseYaml(await readText(path, shown(path)), shown(path))
    const parsed = MetricsFile.safeParse(document.value)
    const problems: Problem[] = []
    if (!parsed.success) {
      problems.push(...explain(parsed.error.issues, { raw: document.value, prefix: [], schema: fileSchema }))
    }
    for (const kind of kinds) {
      for (const [name, item] of Object.entries(parsed.data?.[kind] ?? {})) {
        const first = owners.get(`${kind}.${name}`)
        if (first === undefined) owners.set(`${kind}.${name}`, document)
        else
          problems.push({ path: [kind, name], at: 'key', message: `stands in ${first.place([kind, name], 'key')} too` })
        Object.assign(layer[kind], { [name]: item })
      }
    }
    wrong.push(...problemLines(document, problems))
  }
  if (wrong.length > 0) throw invalid(wrong)
  const place = (path: Path, at: 'key' | 'value'): string =>
    owners.get(`${String(path[0])}.${String(path[1])}`)?.place(path, at) ?? shown(folder)
  return { layer, document: { value: layer, place } }
}

async function listFiles(folder: string, shown: string, besides: string | undefined): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    if (besides !== undefined && cause.code === 'ENOENT') return []
    throw invalid([`metrics: the folder ${shown} cannot be read (${cause.code ?? 'unknown reason'})`], cause)
  })
  const files = names.filter((name) => /(?:\.ya?ml|\.metrics\.ts)$/.test(name)).toSorted()
  if (files.length === 0 && besides === undefined)
    throw invalid([`metrics: the folder ${shown} holds no .yaml or .metrics.ts file`])
  return files.map((name) => join(folder, name)).filter((file) => file !== besides)
}
