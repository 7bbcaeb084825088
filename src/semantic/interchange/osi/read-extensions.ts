import { isDeepStrictEqual } from 'node:util'
import { MetricsFile, type MetricLayer } from '../../../../schemas/metrics.ts'
import type { Draft } from '../draft.ts'
import { isMap, type Item } from '../item.ts'
import type { Kind } from '../layer-input.ts'
import type { ImportOptions } from '../metricflow/context.ts'
import { checkName, list, refuse, required, scalar, text } from '../read-item.ts'
import { exportOsi } from './export-osi.ts'

/** What of a document is Aquifer's own and was taken over as it was exported. */
export interface Own {
  readonly datasets: ReadonlySet<Item>
  readonly metrics: ReadonlySet<Item>
  readonly relationships: ReadonlySet<Item>
}

/** Takes over what Aquifer's extensions hold. Where OSI was changed beside them they count, and that is noted. */
export function readExtensions(model: Item, options: ImportOptions, draft: Draft): Own {
  const datasets = list(model, 'datasets').filter((item) => takeOver('models', item, options, draft))
  const metrics = list(model, 'metrics').filter((item) => takeOver('metrics', item, options, draft))
  const own = extensionOf(model)
  for (const kind of ['metrics', 'queries', 'calendars'] as const) {
    const objects = own?.data[kind]
    if (own === undefined || !isMap(objects)) continue
    for (const [name, definition] of Object.entries(objects)) {
      add(kind, { name, definition, item: own.item }, options, draft)
    }
  }
  const names = new Set(datasets.map((item) => text(item, 'name')))
  const isOwn = (item: Item): boolean => ['from', 'to'].some((key) => names.has(text(item, key)))
  const relationships = list(model, 'relationships').filter(isOwn)
  noteChanges({ datasets, metrics, relationships }, draft)
  for (const item of [...datasets, ...metrics, ...relationships]) item.ignoreAll()
  return { datasets: new Set(datasets), metrics: new Set(metrics), relationships: new Set(relationships) }
}

function takeOver(kind: 'models' | 'metrics', item: Item, options: ImportOptions, draft: Draft): boolean {
  const definition = extensionOf(item)?.data[kind === 'models' ? 'model' : 'metric']
  if (definition === undefined) return false
  add(kind, { name: text(item, 'name') ?? '', definition, item }, options, draft)
  return true
}

interface Definition {
  readonly name: string
  readonly definition: unknown
  readonly item: Item
}

function add(kind: Kind, { name, definition, item }: Definition, options: ImportOptions, draft: Draft): void {
  draft.attempt(kind, name, item, () => {
    if (!isMap(definition)) refuse(item, 'the extension of Aquifer holds no map')
    checkName(name, item.get('name') ?? item)
    const object = kind === 'models' || kind === 'calendars' ? connect(definition, item, options, draft) : definition
    // The check of the whole layer, which follows, holds it against the schema.
    draft.add(kind, name, object, item)
    if (kind !== 'models' || !isMap(object['measures'])) return
    for (const measure of Object.keys(object['measures'])) {
      draft.modelOf.set(measure, name)
      draft.places.set(`models.${name}.measures.${measure}`, item.place)
    }
  })
}

/** The connection it was exported with, where there is one of the name here. */
function connect(
  definition: Readonly<Record<string, unknown>>,
  item: Item,
  { connection, connections }: ImportOptions,
  { note }: Draft,
): Readonly<Record<string, unknown>> {
  const own = definition['connection']
  if (typeof own !== 'string' || connections === undefined || connections.includes(own)) return definition
  note(item.place, `connection ${own}: became ${connection}`)
  return { ...definition, connection }
}

function extensionOf(
  item: Item,
): { readonly item: Item; readonly data: Readonly<Record<string, unknown>> } | undefined {
  for (const one of list(item, 'custom_extensions')) {
    const vendor = text(one, 'vendor_name')
    if (vendor !== 'COMMON' && vendor !== 'AQUIFER') continue
    const data = parse(one)
    const own = isMap(data) ? data['aquifer'] : undefined
    if (!isMap(own)) continue
    one.ignoreAll()
    return { item: one, data: own }
  }
  return undefined
}

function parse(item: Item): unknown {
  try {
    return JSON.parse(required(item, 'data'))
  } catch {
    return undefined
  }
}

/** What OSI says otherwise than the layer would export now. */
function noteChanges(own: Readonly<Record<keyof Own, readonly Item[]>>, { layer, note }: Draft): void {
  const parsed = MetricsFile.safeParse({ version: 1, ...layer })
  if (!parsed.success) return
  const [exported] = exportOsi(parsed.data satisfies MetricLayer).document.semantic_model
  if (exported === undefined) return
  for (const [kind, what] of [
    ['datasets', 'dataset'],
    ['metrics', 'metric'],
    ['relationships', 'relationship'],
  ] as const) {
    const known = new Map((exported[kind] ?? []).map((one) => [one.name, without(one)]))
    for (const item of own[kind]) {
      const name = scalar(item.get('name') ?? item)
      if (isMap(item.value) && isDeepStrictEqual(without(item.value), known.get(name))) continue
      const why = 'left out; the extension of Aquifer counts'
      note(item.place, `${what} ${name}: what OSI says otherwise than Aquifer exported is ${why}`)
    }
  }
}

function without(value: object): unknown {
  const { custom_extensions: _, ...rest } = value as Readonly<Record<string, unknown>>
  return JSON.parse(JSON.stringify(rest))
}
