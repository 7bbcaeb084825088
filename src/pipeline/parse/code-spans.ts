/** Finds where code spans end, in a text without code blocks. Each text is read once. */
export function findCodeSpans(text: string): (at: number) => number | undefined {
  const runs = new Map<number, number[]>()
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const same = runs.get(run.length)
    if (same === undefined) runs.set(run.length, [index])
    else same.push(index)
  }
  const blanks = Array.from(text.matchAll(/\n[ \t]*\n/g), ({ index }) => index)
  return (at) => {
    const length = runLength(text, at)
    const close = firstAfter(runs.get(length) ?? [], at)
    // A span does not reach over a blank line.
    const blank = firstAfter(blanks, at)
    if (close === undefined || (blank !== undefined && blank < close)) return undefined
    return close + length
  }
}

function runLength(text: string, at: number): number {
  let end = at
  while (text[end] === '`') end++
  return end - at
}

/** The first of ascending numbers that is greater. */
function firstAfter(numbers: readonly number[], than: number): number | undefined {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) > than) high = middle
    else low = middle + 1
  }
  return numbers[low]
}
