import type { EngineResult, RunLimits } from '../../engine.ts'
import { limitRows } from '../../engine-rows.ts'
import { readerOf, type RowReader } from './cells.ts'
import { ReportedLate } from './engine-error.ts'

const newline = 10
const slackBytes = 4 << 20

/** Reads the lines of an answer as far as the limits allow: names, types, then rows, each a JSON array. */
export async function readRows(
  body: AsyncIterable<Buffer>,
  limits: RunLimits,
): Promise<Omit<EngineResult, 'watermark'>> {
  const rows = limitRows(limits)
  let names: readonly string[] | undefined
  let reader: RowReader | undefined
  let endless = false
  let broken = ''
  for await (const line of linesOf(body, 2 * limits.bytes + slackBytes)) {
    if (line === undefined) {
      endless = true
      break
    }
    const values = broken === '' ? parseLine(line) : undefined
    // An error in the midst of the rows is written where the next row would be.
    if (values === undefined) broken += `${line}\n`
    else if (names === undefined) names = values.map(String)
    else if (reader === undefined) reader = readerOf(names, values.map(String))
    else if (!rows.add(reader.read(values))) break
  }
  if (broken !== '') throw reported(broken)
  if (reader === undefined && !endless) throw new Error('the answer ended early')
  return { columns: reader?.columns ?? [], rows: rows.rows, truncated: rows.truncated || endless }
}

/** The lines of a text; what follows the last newline comes last. Undefined in place of what goes beyond so many bytes. */
async function* linesOf(body: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end))
      yield Buffer.concat(parts).toString()
      parts = []
      start = end + 1
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
    if (bytes > mostBytes) {
      yield undefined
      return
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString()
}

function reported(text: string): Error {
  const [, code, message] = /Code: (\d+)\. DB::Exception: (.*)/.exec(text) ?? []
  return code === undefined || message === undefined
    ? new Error('the answer ended in the midst of a row')
    : new ReportedLate(code, message)
}

function parseLine(line: string): readonly unknown[] | undefined {
  try {
    const values: unknown = JSON.parse(line)
    return Array.isArray(values) ? values : undefined
  } catch {
    return undefined
  }
}
