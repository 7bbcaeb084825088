import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { NumbersTable } from '../../../schemas/numbers.ts'
import { plainText } from '../plain-text.ts'
import { csvParts } from './csv-text.ts'
import { replaceFile } from './replace-file.ts'

/** Returns the file's absolute path. */
export async function writeCsvFile(answer: NumbersTable, file: string): Promise<string> {
  return replaceFile(file, (partial) => pipeline(Readable.from(csvParts(answer)), createWriteStream(partial)))
}

/** As fast as it is read; whoever reads no more, such as `head`, ends it. */
export async function printCsv(answer: NumbersTable): Promise<void> {
  const { stdout } = process
  const parts = stdout.isTTY ? [...csvParts(answer, '\n')].map(plainText) : csvParts(answer)
  try {
    await pipeline(Readable.from(parts), stdout, { end: false })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  }
}
