import type { Item } from '../item.ts'
import type { DimensionInput, EntityInput, MeasureInput, ModelInput } from '../layer-input.ts'
import { maps, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescribed, convertOwner, isEnabled } from './convert-described.ts'
import { convertDimension } from './convert-dimension.ts'
import { convertEntity } from './convert-entity.ts'
import { convertMeasure } from './convert-measure.ts'
import { convertName, convertReference } from './convert-name.ts'
import { convertParts, type Part } from './convert-parts.ts'
import { convertTable } from './convert-table.ts'

/** A semantic model as MetricFlow's manifest and dbt's older form write it. */
export function convertModel(item: Item, context: Context): void {
  const shown = text(item, 'name')?.toLowerCase() ?? 'without a name'
  if (!isEnabled(item, `model ${shown}`, context)) return
  item.ignore('metadata')
  const { draft } = context
  for (const measure of maps(item, 'measures')) draft.modelOf.set(shownName(measure), shown)
  draft.attempt('models', shown, item, () => {
    const name = convertName(item, context)
    const defaults = item.get('defaults')
    const time = defaults === undefined ? undefined : convertReference(defaults, 'agg_time_dimension')
    const primary = convertReference(item, 'primary_entity')
    const parts = { model: name, context }
    const entities = convertParts<EntityInput>(
      partsOf(item, 'entities', context, (one, key) => convertEntity(one, key, context)),
      { ...parts, kind: 'entities' },
    )
    const model: ModelInput = {
      connection: context.connection,
      table: convertTable(item, context),
      ...convertDescribed(item, name, context),
      ...convertOwner(item),
      ...(time === undefined ? {} : { time }),
      ...(primary === undefined || entities[primary]?.type === 'primary' ? {} : { primary }),
      entities,
      dimensions: convertParts<DimensionInput>(
        partsOf(item, 'dimensions', context, (one, key) => convertDimension(one, key, context)),
        { ...parts, kind: 'dimensions' },
      ),
      measures: convertParts<MeasureInput>(
        partsOf(item, 'measures', context, (one, key) => ({
          ...convertMeasure(one, key, context, { time }),
          ...convertDescribed(one, key, context),
        })),
        { ...parts, kind: 'measures' },
      ),
    }
    draft.add('models', name, model, item)
  })
}

const shownName = (item: Item): string => text(item, 'name')?.toLowerCase() ?? 'without a name'

function partsOf<T>(
  item: Item,
  key: string,
  context: Context,
  convert: (item: Item, name: string) => T,
): readonly Part<T>[] {
  return maps(item, key).map((one) => ({
    item: one,
    name: () => convertName(one, context),
    shown: shownName(one),
    convert: (name) => {
      one.ignore('metadata')
      return convert(one, name)
    },
  }))
}
