const border = /^[-=~^"'`*+#_.:|!<>][-=~^"'`*+#_.:|!<>\s]*$/
const run = /([^\s|+])\1{3,}/g

/** Text with rows of dashes and the like shortened: a model reads each dash as a word, and they say nothing. */
function quiet(text: string): string {
  return text
    .split('\n')
    .map((line) => (border.test(line.trim()) ? line.replace(run, '$1$1$1') : line))
    .join('\n')
}

/** The stretch as it is shown and counted, quiet up to an offset. */
export function shownText(text: string, { start, end }: { start: number; end: number }, quietUntil = start): string {
  const until = Math.min(end, quietUntil)
  return until <= start ? text.slice(start, end) : quiet(text.slice(start, until)) + text.slice(until, end)
}
