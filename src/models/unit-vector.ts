/** The vector at length 1 (L2); undefined when it has none to scale: empty, zero, or not finite. */
export function unitVector(values: ArrayLike<number>): Float32Array | undefined {
  const unit = Float32Array.from(values)
  let squares = 0
  for (const value of unit) squares += value * value
  const length = Math.sqrt(squares)
  if (!(length > 0) || !Number.isFinite(length)) return undefined
  for (let i = 0; i < unit.length; i++) unit[i] = (unit[i] ?? 0) / length
  return unit
}
