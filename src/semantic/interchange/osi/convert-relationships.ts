import type { Item } from '../item.ts'
import type { EntityInput } from '../layer-input.ts'
import { required, toName } from '../read-item.ts'
import { columnOf, columnsOf } from './convert-dataset.ts'
import type { Dataset, OsiContext } from './context.ts'

type Entities = Map<string, Record<string, EntityInput>>

interface Link {
  readonly item: Item
  readonly name: string
  readonly from: Dataset
  readonly to: Dataset
  readonly fromColumn: string
  readonly toColumn: string
}

/** The entities of each dataset: its own key, and what its relationships point to. */
export function convertRelationships(items: readonly Item[], context: OsiContext): Entities {
  const entities: Entities = new Map()
  const of = (dataset: Dataset): Record<string, EntityInput> => {
    const known = entities.get(dataset.name) ?? {}
    entities.set(dataset.name, known)
    return known
  }
  for (const dataset of context.datasets.values()) {
    const [column, second] = dataset.primaryKey
    if (column === undefined || second !== undefined) continue
    const name = entityName(dataset.name, context)
    of(dataset)[name] = { type: 'primary', ...exprOf(dataset, column, name) }
  }
  const links = items.flatMap((item) => readLink(item, context) ?? [])
  for (const link of links) {
    const { from, to } = link
    const target = targetOf(link, of(to), context)
    const isOnly = from !== to && links.filter((one) => one.from === from && one.to === to).length === 1
    const name = isOnly ? target : toName(link.name)
    if (Object.hasOwn(of(from), name)) {
      context.draft.note(link.item.place, `relationship ${link.name}: left out; ${from.name} has a key ${name} already`)
      continue
    }
    of(from)[name] = {
      type: isKey(from, link.fromColumn) ? 'unique' : 'foreign',
      ...exprOf(from, link.fromColumn, name),
      ...(name === target ? {} : { of: target }),
    }
  }
  return entities
}

function readLink(item: Item, { datasets, draft }: OsiContext): Link | undefined {
  const name = required(item, 'name')
  const find = (key: string): Dataset | undefined => datasets.get(required(item, key).toLowerCase())
  const from = find('from')
  const to = find('to')
  const fromColumns = columnsOf(item.get('from_columns'))
  const toColumns = columnsOf(item.get('to_columns'))
  const [fromColumn] = fromColumns
  const [toColumn] = toColumns
  const leave = (why: string): undefined => {
    draft.note(item.place, `relationship ${name}: left out; ${why}`)
    item.ignoreAll()
    return undefined
  }
  if (from === undefined || to === undefined) return leave('one of its datasets is not there')
  if (fromColumn === undefined || fromColumns.length !== toColumns.length) return leave('its columns do not pair up')
  if (fromColumns.length > 1) return leave(`it joins on ${String(fromColumns.length)} columns, and an entity is one`)
  return toColumn === undefined ? undefined : { item, name, from, to, fromColumn, toColumn }
}

/** What the one side is called; a key that is not the primary one becomes an entity of its own. */
function targetOf({ to, toColumn }: Link, own: Record<string, EntityInput>, context: OsiContext): string {
  if (to.primaryKey.length === 1 && to.primaryKey[0] === toColumn) return entityName(to.name, context)
  const name = entityName(toName(`${to.name}_by_${toColumn}`), context)
  own[name] ??= { type: 'unique', ...exprOf(to, toColumn, name) }
  return name
}

/** An entity cannot be called as a field is. */
function entityName(name: string, { datasets }: OsiContext): string {
  const isTaken = [...datasets.values()].some(({ fields }) => [...fields.values()].some((field) => field.name === name))
  return isTaken ? toName(`${name.slice(0, 59)}_key`) : name
}

function exprOf(dataset: Dataset, column: string, name: string): { expr?: string } {
  const expr = columnOf(dataset, column)
  return expr === name ? {} : { expr }
}

const isKey = ({ primaryKey, uniqueKeys }: Dataset, column: string): boolean =>
  [primaryKey, ...uniqueKeys].some((key) => key.length === 1 && key[0] === column)
