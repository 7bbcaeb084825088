import { naming, type Draft, type Failure } from './draft.ts'
import type { ModelInput } from './layer-input.ts'
import { partsOfMetric, partsOfQuery, type Part } from './parts-of.ts'

/** Takes out whatever is made of something left out, and answers what that was. */
export function cascade({ layer, failures, places, modelOf }: Draft): readonly Failure[] {
  const gone = new Set(failures.map(naming))
  for (const [measure, model] of modelOf) {
    if (gone.has(naming({ kind: 'models', name: model }))) gone.add(naming({ kind: 'measures', name: measure }))
  }
  const after: Failure[] = []
  /** Takes the part out if it needs one that is gone. */
  const takeOut = (part: Part, path: string, needs: readonly Part[], remove: () => void): boolean => {
    const needed = needs.find((one) => gone.has(naming(one)))
    if (needed === undefined) return false
    gone.add(naming(part))
    after.push({ ...part, place: places.get(path) ?? '', message: `is made of ${naming(needed)}` })
    remove()
    return true
  }
  for (const [name, model] of Object.entries(layer.models)) {
    const measures = model.measures ?? {}
    for (const key of Object.keys(measures)) {
      takeOut({ kind: 'measures', name: key }, `models.${name}.measures.${key}`, timesOf(name, model, key), () => {
        delete measures[key]
      })
    }
    if (model.time !== undefined && gone.has(naming(dimension(name, model.time)))) delete model.time
  }
  const takeAll = (kind: 'metrics' | 'queries', parts: ReadonlyMap<string, readonly Part[]>): void => {
    const left = new Map(parts)
    let changed = true
    while (changed) {
      changed = false
      for (const [name, needs] of left) {
        const isOut = takeOut({ kind, name }, `${kind}.${name}`, needs, () => {
          delete layer[kind][name]
          left.delete(name)
        })
        changed ||= isOut
      }
    }
  }
  takeAll('metrics', new Map(Object.entries(layer.metrics).map(([name, one]) => [name, partsOfMetric(one)])))
  takeAll('queries', new Map(Object.entries(layer.queries).map(([name, one]) => [name, partsOfQuery(one)])))
  return after
}

/** Two models may have a dimension of one name. */
const dimension = (model: string, name: string): Part => ({ kind: 'dimensions', name: `${model}.${name}` })

function timesOf(name: string, { measures = {}, time }: ModelInput, key: string): readonly Part[] {
  const measure = measures[key]
  return [measure?.time ?? time, measure?.over_time?.dimension].flatMap((one) =>
    one === undefined ? [] : [dimension(name, one)],
  )
}
