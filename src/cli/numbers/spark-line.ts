const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** One bar a value between the lowest and the highest; a blank where there is none. */
export function sparkLine(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null)
  const low = known.reduce((least, value) => Math.min(least, value), Infinity)
  const high = known.reduce((most, value) => Math.max(most, value), -Infinity)
  const bar = (value: number): string => {
    if (high === low) return '▄'
    // Halves, because the range itself may be more than a double holds.
    const share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))] ?? '▄'
  }
  return values.map((value) => (value === null ? ' ' : bar(value))).join('')
}

/** At most `width` values: neighbours are averaged. */
export function thin(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  if (values.length <= width) return values
  return Array.from({ length: width }, (_, index) => {
    const from = Math.floor((index * values.length) / width)
    const to = Math.floor(((index + 1) * values.length) / width)
    const known = values.slice(from, to).filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value / known.length, 0)
  })
}
