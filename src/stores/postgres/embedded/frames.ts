import type { ErrorView } from '../../../core/errors.ts'
import type { LedgerOptions } from '../context.ts'

/** Raised whenever frames or operations change in a way that an older program would misread. */
export const protocolVersion = 1

/** What the two sides of a socket say. A body is an argument or an answer, serialized by `node:v8`. */
export type Header =
  | { readonly kind: 'hello'; readonly protocol: number; readonly version: string; readonly pid: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'call'; readonly id: number; readonly operation: string; readonly options: LedgerOptions }
  | { readonly kind: 'answer'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorView }

export interface Frame {
  readonly header: Header
  readonly body: Uint8Array
}

const prefixBytes = 8
const longestHeader = 1 << 16
const longestBody = 1 << 30
const nothing = new Uint8Array()

/** Length of the header, length of the body (both 32 bits, big endian), the header as JSON, the body. */
export function encodeFrame(header: Header, body: Uint8Array = nothing): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(text.length, 0)
  prefix.writeUInt32BE(body.length, 4)
  return Buffer.concat([prefix, text, body])
}

/** Takes the pieces that arrive and hands on whole frames; throws when they can't be frames. */
export function createFrameReader(onFrame: (frame: Frame) => void): (piece: Uint8Array) => void {
  let pieces: Uint8Array[] = []
  let length = 0
  let needed = prefixBytes
  return (piece) => {
    pieces.push(piece)
    length += piece.length
    if (length < needed) return
    let rest = Buffer.concat(pieces)
    for (;;) {
      if (rest.length < prefixBytes) {
        needed = prefixBytes
        break
      }
      const headerEnd = prefixBytes + rest.readUInt32BE(0)
      const end = headerEnd + rest.readUInt32BE(4)
      if (headerEnd > longestHeader || end > longestBody) throw new Error('not a frame of ours')
      needed = end
      if (rest.length < end) break
      // Both sides run the same version of this program, or end the connection after the first frame.
      const header = JSON.parse(rest.toString('utf8', prefixBytes, headerEnd)) as Header
      // A copy of its own: a view would drag everything that arrived with it to the worker.
      onFrame({ header, body: new Uint8Array(rest.subarray(headerEnd, end)) })
      rest = rest.subarray(end)
    }
    pieces = rest.length === 0 ? [] : [rest]
    length = rest.length
  }
}
