const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One row in the text format of COPY, with its newline. */
export function copyTextRow(fields: readonly (string | null)[]): string {
  const texts = fields.map((field) =>
    field === null ? '\\N' : field.replace(/[\\\n\r\t]/g, (char) => escapes[char] ?? char),
  )
  return `${texts.join('\t')}\n`
}

const newline = 10

/** The same bytes in pieces of about `size` that end with a row: a newline within a value is always escaped. */
export async function* wholeRows(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1
    if (length + chunk.length < size || end === 0) {
      parts.push(chunk)
      length += chunk.length
      continue
    }
    yield Buffer.concat([...parts, chunk.subarray(0, end)])
    parts = [chunk.subarray(end)]
    length = chunk.length - end
  }
  if (length > 0) yield Buffer.concat(parts)
}
