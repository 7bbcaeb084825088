import { expect, test } from 'vitest'
import { createFrameReader, encodeFrame, type Frame } from '../../src/stores/postgres/embedded/frames.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test('frames come out whole and in order, however the bytes arrive', () => {
  const stream = Buffer.concat([
    encodeFrame({ kind: 'ping' }),
    encodeFrame({ kind: 'answer', id: 7 }, bytes(1, 2, 3)),
    encodeFrame({ kind: 'pong' }),
  ])
  for (const size of [1, 3, 17, stream.length]) {
    const frames: Frame[] = []
    const read = createFrameReader((frame) => frames.push(frame))
    for (let at = 0; at < stream.length; at += size) read(stream.subarray(at, at + size))
    expect(frames).toEqual([
      { header: { kind: 'ping' }, body: bytes() },
      { header: { kind: 'answer', id: 7 }, body: bytes(1, 2, 3) },
      { header: { kind: 'pong' }, body: bytes() },
    ])
  }
})

test('a body is a copy: it does not drag along what arrived with it', () => {
  const frames: Frame[] = []
  createFrameReader((frame) => frames.push(frame))(
    Buffer.concat([encodeFrame({ kind: 'answer', id: 1 }, bytes(9)), Buffer.alloc(1)]),
  )
  expect(frames[0]?.body.buffer.byteLength).toBe(1)
})

test('something else than frames is refused', () => {
  const read = createFrameReader(() => undefined)
  expect(() => read(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('not a frame of ours')
})
