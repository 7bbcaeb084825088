const pattern = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?)?)?$/

/** What a written date covers, as local timestamps: `2024-03` is all of March. undefined: no date. */
export function readMoment(text: string): { readonly first: string; readonly after: string } | undefined {
  const found = pattern.exec(text.trim())
  if (found === null) return undefined
  const [, year = '', month, day, hour, minute, second, fraction] = found
  const numbers = [year, month ?? '01', day ?? '01', hour ?? '00', minute ?? '00', second ?? '00'].map(Number)
  const [y = 0, mo = 1, d = 1, h = 0, mi = 0, s = 0] = numbers
  const at = new Date(Date.UTC(y, mo - 1, d, h, mi, s))
  const real =
    at.getUTCFullYear() === y && at.getUTCMonth() === mo - 1 && at.getUTCDate() === d && at.getUTCHours() === h
  if (!real || at.getUTCMinutes() !== mi || at.getUTCSeconds() !== s) return undefined
  const first = `${isoOf(at)}${fraction === undefined ? '' : `.${fraction}`}`
  if (fraction !== undefined) {
    // The next millionth of a second.
    const micros = Number(fraction.padEnd(6, '0')) + 1
    if (micros < 1_000_000) return { first, after: `${isoOf(at)}.${String(micros).padStart(6, '0')}` }
  }
  const next =
    month === undefined
      ? Date.UTC(y + 1, 0, 1)
      : day === undefined
        ? Date.UTC(y, mo, 1)
        : at.getTime() + (hour === undefined ? 86_400_000 : second === undefined ? 60_000 : 1000)
  return { first, after: isoOf(new Date(next)) }
}

const isoOf = (date: Date): string => date.toISOString().slice(0, 19)
