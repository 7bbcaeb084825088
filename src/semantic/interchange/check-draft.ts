import type { Fault } from '../find-faults.ts'
import type { Draft, Failure } from './draft.ts'
import type { LayerInput } from './layer-input.ts'

/** What is wrong in a layer besides what could not be converted. */
export type Check = (layer: LayerInput) => readonly Fault[]

/** Takes what the check finds fault with out of the layer, as failures; whether there was anything. */
export function checkDraft(draft: Draft, check: Check): boolean {
  const faults = check(draft.layer)
  for (const { path, message } of faults) {
    const place = placeOf(path, draft.places)
    draft.failures.push({ ...takeOut(path, draft.layer), place, message: `${detailOf(path)}${message}` })
  }
  return faults.length > 0
}

function takeOut(path: Fault['path'], layer: LayerInput): Pick<Failure, 'kind' | 'name'> {
  const [kind, name, part, key] = path.map(String)
  if (kind === 'models' && name !== undefined) {
    if ((part === 'measures' || part === 'dimensions') && key !== undefined) {
      delete layer.models[name]?.[part]?.[key]
      return { kind: part, name: part === 'measures' ? key : `${name}.${key}` }
    }
    delete layer.models[name]
    return { kind, name }
  }
  if ((kind === 'metrics' || kind === 'queries' || kind === 'calendars') && name !== undefined) {
    delete layer[kind][name]
    return { kind, name }
  }
  throw new Error(`a fault of no object: ${path.join('.')}`)
}

/** What a fault is about within its object. */
function detailOf(path: Fault['path']): string {
  const within = path.slice(path[0] === 'models' && (path[2] === 'measures' || path[2] === 'dimensions') ? 4 : 2)
  return within.length === 0 ? '' : `${within.join('.')}: `
}

/** Where the nearest part came from that is known. */
function placeOf(path: Fault['path'], places: ReadonlyMap<string, string>): string {
  for (let end = path.length; end > 0; end -= 1) {
    const place = places.get(path.slice(0, end).join('.'))
    if (place !== undefined) return place
  }
  return ''
}
