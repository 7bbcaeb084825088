import type { DimensionInput, EntityInput, ModelInput } from '../layer-input.ts'
import type { Item } from '../item.ts'
import { list, required, scalar, text } from '../read-item.ts'
import type { Draft } from '../draft.ts'
import type { Dataset, Field, OsiContext } from './context.ts'
import { convertName, convertWords } from './convert-words.ts'
import { readExpression } from './read-expression.ts'
import { rewrite } from './resolve-columns.ts'
import { sqlTokens } from './sql-tokens.ts'

/** What a dataset is, before anything is made of it; undefined where it cannot be read. */
export function readDataset(item: Item, draft: Draft): Dataset | undefined {
  let dataset: Dataset | undefined
  draft.attempt('models', text(item, 'name')?.toLowerCase() ?? 'without a name', item, () => {
    const name = convertName(item, draft)
    const fields = new Map<string, Field>()
    for (const one of list(item, 'fields')) {
      const shown = text(one, 'name')?.toLowerCase() ?? 'without a name'
      draft.attempt('dimensions', `${name}.${shown}`, one, () => {
        const field = convertName(one, draft)
        const expr = rewrite(sqlTokens(readExpression(one)), { name, item, fields: new Map() })
        fields.set(shown, { item: one, name: field, expr })
      })
    }
    dataset = {
      item,
      name,
      fields,
      primaryKey: columnsOf(item.get('primary_key')),
      uniqueKeys: list(item, 'unique_keys').map(columnsOf),
    }
  })
  return dataset
}

export const columnsOf = (item: Item | undefined): readonly string[] =>
  item?.items().map((one) => scalar(one, 'a column').toLowerCase()) ?? []

/** The SQL of a column that a key or relationship names: a field's where there is one of the name. */
export const columnOf = ({ fields }: Dataset, column: string): string => fields.get(column)?.expr ?? column

export function convertDataset(
  dataset: Dataset,
  entities: Readonly<Record<string, EntityInput>>,
  context: OsiContext,
): void {
  const { item, name, fields } = dataset
  const { draft, connection } = context
  draft.attempt('models', name, item, () => {
    const dimensions: Record<string, DimensionInput> = {}
    for (const field of fields.values()) {
      dimensions[field.name] = convertField(field, context)
      draft.places.set(`models.${name}.dimensions.${field.name}`, field.item.place)
    }
    const times = Object.entries(dimensions).filter(([, { type }]) => type === 'time')
    const [time] = times.length === 1 ? (times[0] ?? []) : []
    const isKeyed = Object.values(entities).some(({ type }) => type === 'primary')
    const model: ModelInput = {
      connection,
      ...convertSource(item, context),
      ...convertWords(item),
      ...(time === undefined ? {} : { time }),
      ...(isKeyed ? {} : { primary: name }),
      entities: { ...entities },
      dimensions,
      measures: {},
    }
    if (times.length > 1) {
      const names = times.map(([key]) => key).join(', ')
      draft.note(item.place, `dataset ${name}: OSI does not say which of ${names} is metric_time; say it as \`time\``)
    }
    draft.add('models', name, model, item)
  })
}

function convertSource(item: Item, context: OsiContext): Pick<ModelInput, 'table' | 'query'> {
  const source = required(item, 'source')
  const { draft, connection, schema } = context
  if (/^\s*(select|with)\b/i.test(source)) return { query: source }
  const parts = source.split('.').map((part) => part.replaceAll(/^["`[]|["`\]]$/g, ''))
  const database = parts.length > 2 ? parts.slice(0, -2).join('.') : undefined
  const at = item.get('source')?.place ?? item.place
  if (database !== undefined) {
    draft.noteOnce(at, `database ${database}: left out; the tables are those of the connection ${connection}`)
  }
  if (parts.length > 1 || schema === undefined) return { table: parts.slice(-2).join('.') }
  draft.usesSchema = true
  return { table: `${schema}.${parts.join('.')}` }
}

/** Names of parts of dates, which hold numbers or words although OSI marks them as times. */
const part = /(?:^|_)(?:year|quarter|month|week|weekday|day|hour|minute)(?:_?(?:name|num|number|no|nr|key|of_\w+))?$/

const temporal = { date: 'day', datetime: 'second', datetimetz: 'second' } as const

/** OSI says no grain: a day is assumed, or what the type of the column has. */
function convertField({ item, name, expr }: Field, { draft }: OsiContext): DimensionInput {
  const datatype = text(item, 'datatype')?.toLowerCase()
  const isTime = item.get('dimension')?.get('is_time')
  const grain = datatype === undefined ? undefined : Object.entries(temporal).find(([type]) => type === datatype)?.[1]
  const common = { ...(expr === name ? {} : { expr }), ...convertWords(item) }
  const isMarked = isTime === undefined ? grain !== undefined : isTime.value === true
  if (!isMarked) return { type: 'categorical', ...common }
  if (datatype !== undefined && grain === undefined) {
    draft.note(item.place, `field ${name}: ${datatype} is no date; it becomes a categorical dimension`)
    return { type: 'categorical', ...common }
  }
  if (grain === undefined && part.test(name)) {
    draft.note(
      item.place,
      `field ${name}: taken for a part of dates, as a categorical dimension; OSI does not say its type`,
    )
    return { type: 'categorical', ...common }
  }
  if (grain === undefined) draft.note(item.place, `field ${name}: OSI says no grain of a time; it becomes day`)
  return { type: 'time', ...common, grain: grain ?? 'day' }
}
