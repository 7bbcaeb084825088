import type { Cell } from '../../semantic/engine.ts'

/** The grain that a column of an answer is cut at, by its name; undefined for a calendar's own, or none. */
export function grainOf(column: string): string | undefined {
  return /__(second|minute|hour|day|week|month|quarter|year)(?:__min|__max)?$/.exec(column)?.[1]
}

/** Moments of a column as short as their grain allows: `2024`, `2024-Q1`, `2024-03`, `2024-03-31`, `2024-03-31 12:30`. */
export function timeTexts(column: string, cells: readonly Cell[]): readonly (string | null)[] {
  const moments = cells.filter((cell) => cell !== null).map(String)
  const shorten = shortest(grainOf(column), moments)
  return cells.map((cell) => (cell === null ? null : shorten(String(cell))))
}

function shortest(grain: string | undefined, moments: readonly string[]): (moment: string) => string {
  const all = (pattern: RegExp): boolean => moments.every((moment) => pattern.test(moment))
  if (grain === 'year' && all(/^\d{4}-01-01(?:T00:00:00)?$/)) return (moment) => moment.slice(0, 4)
  if (grain === 'quarter' && all(/^\d{4}-(?:01|04|07|10)-01(?:T00:00:00)?$/)) {
    return (moment) => `${moment.slice(0, 4)}-Q${String(Math.ceil(Number(moment.slice(5, 7)) / 3))}`
  }
  if (grain === 'month' && all(/^\d{4}-\d\d-01(?:T00:00:00)?$/)) return (moment) => moment.slice(0, 7)
  if (all(/^\d{4,}-\d\d-\d\d(?:T00:00:00)?$/)) return (moment) => moment.replace(/T.*/, '')
  if (all(/T\d\d:\d\d:00$/)) return (moment) => moment.replace('T', ' ').slice(0, -3)
  return (moment) => moment.replace('T', ' ')
}
