/** One text on its way through the model, as token ids. */
export interface Waiting<Job> {
  readonly job: Job
  readonly index: number
  readonly ids: readonly number[]
}

export interface BatchQueue<Job> {
  /** Questions go before passages that wait already. */
  add(items: readonly Waiting<Job>[], as: 'passage' | 'query'): void
  /** The next texts to run together, all taken off the queue; empty when nothing waits. */
  next(): readonly Waiting<Job>[]
  remove(job: Job): void
}

/** Passages wait for at most this many batches of questions in a row. */
const questionsInARow = 8

/**
 * Batches of at most `maxTokens`, padding counted (one text is never cut). The texts of each call are sorted by length,
 * so that little is padded; calls are served in order of arrival and may share a batch.
 */
export function createBatchQueue<Job>(maxTokens: number): BatchQueue<Job> {
  const waiting = { query: new Array<Waiting<Job>>(), passage: new Array<Waiting<Job>>() }
  let row = 0
  const choose = (): Waiting<Job>[] => {
    const passagesTurn = waiting.query.length === 0 || (row >= questionsInARow && waiting.passage.length > 0)
    row = passagesTurn ? 0 : row + 1
    return passagesTurn ? waiting.passage : waiting.query
  }
  return {
    add: (items, as) => waiting[as].push(...items.toSorted((a, b) => b.ids.length - a.ids.length)),
    next: () => {
      const line = choose()
      return line.splice(0, fitting(line, maxTokens))
    },
    remove: (job) => {
      waiting.query = waiting.query.filter((item) => item.job !== job)
      waiting.passage = waiting.passage.filter((item) => item.job !== job)
    },
  }
}

function fitting(line: readonly Waiting<unknown>[], maxTokens: number): number {
  let longest = 0
  let count = 0
  for (const { ids } of line) {
    longest = Math.max(longest, ids.length)
    if (count > 0 && longest * (count + 1) > maxTokens) break
    count++
  }
  return count
}
