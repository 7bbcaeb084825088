import type { Run } from '../run.ts'
import { askNumbers } from './ask-numbers.ts'
import { readReceipt } from './read-receipt.ts'
import { verdictText } from './verdict-text.ts'

/** 1 where the same question over the same data gives something else. */
export async function verifyReceipt(run: Run, file: string): Promise<number | void> {
  const receipt = await readReceipt(file)
  return askNumbers(run, async ({ numbers, caller, wait }) => {
    const verdict = await wait('Asking the database again', numbers.verify(receipt, caller, { signal: run.signal }))
    run.print(verdict, () => verdictText(verdict))
    return verdict.verdict === 'differs' ? 1 : 0
  })
}
