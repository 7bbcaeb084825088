import type { Item } from '../item.ts'
import { refuse } from '../read-item.ts'
import type { Context } from './context.ts'

export interface Part<T> {
  readonly item: Item
  readonly name: () => string
  /** As failures call it, before it is known to be a name. */
  readonly shown: string
  readonly convert: (name: string) => T
}

interface Parts {
  readonly model: string
  readonly kind: 'entities' | 'dimensions' | 'measures'
  readonly context: Context
}

/** The named parts of a model; one that cannot be carried over is left out by itself. */
export function convertParts<T>(items: readonly Part<T>[], { model, kind, context }: Parts): Record<string, T> {
  const parts: Record<string, T> = {}
  const { draft } = context
  for (const { item, name, shown, convert } of items) {
    const work = (): void => {
      const key = name()
      if (Object.hasOwn(parts, key)) refuse(item, `${key} stands twice in ${model}`)
      parts[key] = convert(key)
      draft.places.set(`models.${model}.${kind}.${key}`, item.place)
    }
    // Without an entity the model would join otherwise, or not at all.
    if (kind === 'entities') work()
    else draft.attempt(kind, kind === 'dimensions' ? `${model}.${shown}` : shown, item, work)
  }
  return parts
}
