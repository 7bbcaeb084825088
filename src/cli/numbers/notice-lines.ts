import type { NumbersTable } from '../../../schemas/numbers.ts'

/** What to know before trusting an answer: what fails is marked, and comes first. */
export function noticeLines({ notices }: Pick<NumbersTable, 'notices'>): readonly string[] {
  return [
    ...notices.filter(isFailing).map((notice) => `! ${notice}`),
    ...notices.filter((notice) => !isFailing(notice) && !isTruncation(notice)).map((notice) => `note: ${notice}`),
  ]
}

const isFailing = (notice: string): boolean => / check .+ (?:fails|could not be run)/.test(notice)

/** What the table says below itself. */
const isTruncation = (notice: string): boolean => /^The first \d+ of \d+ rows/.test(notice)
