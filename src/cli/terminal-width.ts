/** Columns of the terminal that stdout is; undefined where it is none, and text may be as wide as it needs. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? Math.max(20, process.stdout.columns) : undefined
}
