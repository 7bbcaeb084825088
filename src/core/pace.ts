const firstRows = 100
const mostRows = 5000
const pageLength = 500_000

/** How many rows to ask for next, so that a page of them stays near half a million characters or bytes. */
export interface Pace {
  readonly rows: number
  /** Takes the rows that came. */
  observe(rows: readonly (readonly ({ readonly length: number } | null)[])[]): void
}

export function startPace(): Pace {
  let rows = firstRows
  return {
    get rows() {
      return rows
    },
    observe(page) {
      if (page.length === 0) return
      let length = 0
      for (const row of page) for (const value of row) length += value?.length ?? 0
      const fitting = Math.floor((pageLength * page.length) / Math.max(1, length))
      rows = Math.max(1, Math.min(fitting, rows * 4, mostRows))
    },
  }
}
