/** `7 days` as a count and a unit; plural or not. A unit may be a calendar's own. */
export function readWindow(window: string): { readonly count: number; readonly unit: string } {
  const [count = '1', unit = 'day'] = window.split(' ')
  const singular = /^(millisecond|second|minute|hour|day|week|month|quarter|year)s$/.exec(unit)?.[1]
  return { count: Number(count), unit: singular ?? unit }
}
