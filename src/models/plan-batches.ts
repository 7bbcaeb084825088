export interface BatchLimits {
  readonly tokens: number
  readonly inputs: number
}

/** Neighbours together, up to the limits; what is longer than the limit goes alone. */
export function planBatches<T extends { readonly tokens: number }>(
  items: readonly T[],
  limits: BatchLimits,
): readonly (readonly T[])[] {
  const batches: T[][] = []
  let batch: T[] = []
  let tokens = 0
  for (const item of items) {
    if (batch.length > 0 && (batch.length >= limits.inputs || tokens + item.tokens > limits.tokens)) {
      batches.push(batch)
      batch = []
      tokens = 0
    }
    batch.push(item)
    tokens += item.tokens
  }
  return batch.length > 0 ? [...batches, batch] : batches
}
