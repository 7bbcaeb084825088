const kinds = ['header', 'table', 'rows', 'end'] as const

export interface Frame {
  readonly kind: (typeof kinds)[number]
  readonly body: Uint8Array
}

const headerBytes = 5
/** A frame is one message of COPY; a longer one means that the file is not ours. */
const longest = 1 << 30

/** One byte of kind, four of length, the body. */
export function writeFrame(kind: Frame['kind'], body: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(headerBytes + body.length)
  frame.writeUInt8(kinds.indexOf(kind), 0)
  frame.writeUInt32BE(body.length, 1)
  frame.set(body, headerBytes)
  return frame
}

export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    for (;;) {
      if (rest.length < headerBytes) break
      const kind = kinds[rest.readUInt8(0)]
      const length = rest.readUInt32BE(1)
      if (kind === undefined || length > longest) throw new Error('not a frame')
      if (rest.length < headerBytes + length) break
      yield { kind, body: rest.subarray(headerBytes, headerBytes + length) }
      rest = rest.subarray(headerBytes + length)
    }
  }
  if (rest.length > 0) throw new Error('ends in the middle of a frame')
}
