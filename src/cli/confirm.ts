import { createInterface } from 'node:readline/promises'
import { AquiferError } from '../core/errors.ts'
import type { Run } from './run.ts'

/** Asks a person on the terminal; CONFIRMATION_NEEDED where there is none, or a program listens. */
export async function confirm(run: Run, question: string): Promise<boolean> {
  if (run.json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new AquiferError('CONFIRMATION_NEEDED', 'There is no terminal to ask on.')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: run.signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
