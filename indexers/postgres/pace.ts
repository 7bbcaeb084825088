import type { Rows } from './session.ts'

const firstRows = 100
const mostRows = 5000
const pageCharacters = 500_000

/** How many rows to ask for next, so that a page of them stays near half a million characters. */
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
      if (page.rows.length === 0) return
      let characters = 0
      for (const row of page.rows) for (const value of row) characters += value?.length ?? 0
      const fitting = Math.floor((pageCharacters * page.rows.length) / Math.max(1, characters))
      rows = Math.max(1, Math.min(fitting, rows * 4, mostRows))
    },
  }
}
