import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Receipt } from '../../../schemas/numbers.ts'
import { AquiferError } from '../../core/errors.ts'

/** A receipt from a file, or stdin for `-`: alone, or in the JSON of its answer. RECEIPT_INVALID for anything else. */
export async function readReceipt(file: string): Promise<Receipt> {
  const place = file === '-' ? 'stdin' : resolve(file)
  const json = parse(await read(file, place), place)
  const isAnswer = typeof json === 'object' && json !== null && 'receipt' in json
  const { success, data } = Receipt.safeParse(isAnswer ? json.receipt : json)
  if (success) return data
  throw new AquiferError('RECEIPT_INVALID', `There is no whole receipt in ${place}.`)
}

async function read(file: string, place: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(place, 'utf8')
  } catch (cause) {
    throw new AquiferError('RECEIPT_INVALID', `The file ${place} can't be read.`, {
      cause,
      fix: 'Name the file that --receipt wrote.',
    })
  }
}

function parse(content: string, place: string): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new AquiferError('RECEIPT_INVALID', `${place} holds no JSON.`, { cause })
  }
}
