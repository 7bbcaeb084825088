import type { Verdict } from '../../../schemas/numbers.ts'

const marks: Readonly<Record<Verdict['verdict'], string>> = { same: '✓', 'data moved on': '~', differs: '✗' }

/** Whether an answer still holds, and where the data stood then and stand now. */
export function verdictText({ verdict, message, watermark: { before, now } }: Verdict): string {
  const stood = before === now ? [`  data  ${now}`] : [`  data then  ${before}`, `  data now   ${now}`]
  return [`${marks[verdict]} ${verdict}: ${message}`, ...stood].join('\n')
}
