import type { Item } from '../item.ts'
import type { MeasureUse, MetricInput } from '../layer-input.ts'
import { maps, refuse, required, word } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertWindow } from './convert-window.ts'
import { measureFrom } from './measure-use.ts'

const calculations = { conversion_rate: 'rate', conversions: 'count' } as const

export function convertConversion(params: Item, context: Context): MetricInput {
  const own = params.get('conversion_type_params') ?? params
  const calculation = word(own, 'calculation') ?? 'conversion_rate'
  if (calculation !== 'conversion_rate' && calculation !== 'conversions') {
    refuse(own.get('calculation') ?? own, 'calculation has to be conversion_rate or conversions')
  }
  const calculate = calculations[calculation]
  const within = convertWindow(own.get('window'), context.customGrains)
  if (own !== params) params.ignore('window')
  const same = maps(own, 'constant_properties').map((one) => ({
    base: required(one, 'base_property').toLowerCase(),
    conversion: required(one, 'conversion_property').toLowerCase(),
  }))
  return {
    type: 'conversion',
    base: part(own, 'base', context),
    conversion: part(own, 'conversion', context),
    entity: required(own, 'entity').toLowerCase(),
    ...(within === undefined ? {} : { within }),
    ...(same.length === 0 ? {} : { same }),
    ...(calculate === 'rate' ? {} : { calculate }),
  }
}

function part(own: Item, key: 'base' | 'conversion', context: Context): MeasureUse {
  const measure = own.get(`${key}_measure`)
  const metric = own.get(`${key}_metric`)
  if (measure !== undefined) {
    // A transformed manifest says both.
    metric?.ignoreAll()
    return measureFrom(measure, context, 'measure')
  }
  return measureFrom(metric ?? refuse(own, `${key}_metric is missing`), context, 'metric')
}
