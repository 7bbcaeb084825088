import { isMap, type Item } from '../item.ts'
import type { DimensionInput, EntityInput, ModelInput } from '../layer-input.ts'
import { checkName, maps, refuse, required, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescribed, convertDescription, convertOwner, isEnabled } from './convert-described.ts'
import { convertDimension } from './convert-dimension.ts'
import { convertEntity } from './convert-entity.ts'
import { convertName, convertReference } from './convert-name.ts'
import { convertParts, type Part } from './convert-parts.ts'
import { tableOf } from './convert-table.ts'

/** What dbt knows of models and columns besides their metrics. */
const ofDbt = ['tests', 'data_tests', 'constraints', 'docs', 'tags', 'access', 'group', 'contract', 'deprecation_date']
const ofColumn = [
  ...ofDbt,
  'name',
  'granularity',
  'data_type',
  'quote',
  'config',
  'meta',
  'description',
  'policy_tags',
  'databricks_tags',
]

/** The name of the semantic model that a dbt model is; undefined where it is none. */
export function semanticName(item: Item): string | undefined {
  const said = item.get('semantic_model')
  if (said === undefined || said.value === false) return undefined
  return (isMap(said.value) ? text(said, 'name') : undefined) ?? text(item, 'name')
}

/** A model of dbt's newer form: entities and dimensions stand at its columns. */
export function convertDbtModel(item: Item, context: Context): void {
  const shown = semanticName(item)?.toLowerCase() ?? 'without a name'
  const semantic = item.get('semantic_model') ?? item
  if (!isEnabled(semantic, `model ${shown}`, context) || !isEnabled(item, `model ${shown}`, context)) {
    item.ignoreAll()
    return
  }
  item.ignore(...ofDbt, 'config', 'time_spine', 'versions', 'latest_version', 'identifier')
  semantic.ignore('group')
  context.draft.attempt('models', shown, item, () => {
    const name = checkName(shown, item.get('name') ?? item)
    const time = convertReference(item, 'agg_time_dimension')
    const primary = convertReference(item, 'primary_entity')
    const columns = maps(item, 'columns')
    for (const column of columns) column.ignore(...ofColumn)
    const derived = item.get('derived_semantics')
    const entities = convertParts<EntityInput>(
      [
        ...columns.flatMap((column) =>
          partAt(column, 'entity', context, (one, key, expr) => convertEntity(one, key, context, expr)),
        ),
        ...(derived === undefined ? [] : maps(derived, 'entities')).map((one) =>
          derivedPart(one, context, (key) => convertEntity(one, key, context)),
        ),
      ],
      { model: name, kind: 'entities', context },
    )
    const model: ModelInput = {
      connection: context.connection,
      table: tableOf(required(item, 'name'), context),
      ...convertDescribed(item, name, context),
      ...convertOwner(item),
      ...convertOwner(semantic),
      ...(time === undefined ? {} : { time }),
      ...(primary === undefined || entities[primary]?.type === 'primary' ? {} : { primary }),
      entities,
      dimensions: convertParts<DimensionInput>(
        [
          ...columns.flatMap((column) =>
            partAt(column, 'dimension', context, (one, key, expr) =>
              convertDimension(one, key, context, { expr, grain: column.get('granularity') }),
            ),
          ),
          ...(derived === undefined ? [] : maps(derived, 'dimensions')).map((one) =>
            derivedPart(one, context, (key) => convertDimension(one, key, context)),
          ),
        ],
        { model: name, kind: 'dimensions', context },
      ),
      measures: {},
    }
    context.draft.add('models', name, model, item)
  })
}

/** What a column is: named by itself, else as the column. Its description is the column's where it has none. */
function partAt<T extends { description?: string | undefined }>(
  column: Item,
  key: 'entity' | 'dimension',
  context: Context,
  convert: (item: Item, name: string, expr: string) => T,
): readonly Part<T>[] {
  const item = column.get(key)
  if (item === undefined) return []
  const own = isMap(item.value) ? text(item, 'name') : undefined
  const named = own === undefined ? column : item
  return [
    {
      item,
      name: () => convertName(named, context),
      shown: (own ?? text(column, 'name') ?? 'without a name').toLowerCase(),
      convert: (name) => {
        const expr = text(column, 'name') ?? refuse(column, 'name is missing')
        return { ...convertDescription(column, context), ...convert(item, name, expr) }
      },
    },
  ]
}

function derivedPart<T>(item: Item, context: Context, convert: (name: string) => T): Part<T> {
  const shown = text(item, 'name')?.toLowerCase() ?? 'without a name'
  return { item, name: () => convertName(item, context), shown, convert }
}
