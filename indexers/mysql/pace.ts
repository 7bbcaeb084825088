import type { Rows } from './session.ts'

const firstRows = 100
const mostRows = 2000
const pageBytes = 500_000

/** How many rows to ask for next, so that a page of them stays near half a megabyte. */
export interface Pace {
  readonly rows: number
  observe(page: Rows): void
}

export function startPace(): Pace {
  let rows = firstRows
  return {
    get rows() {
      return rows
    },
    observe(page) {
      if (page.length === 0) return
      let bytes = 0
      for (const row of page) for (const cell of row) bytes += cell?.length ?? 0
      const fitting = Math.floor((pageBytes * page.length) / Math.max(1, bytes))
      rows = Math.max(1, Math.min(fitting, rows * 4, mostRows))
    },
  }
}
