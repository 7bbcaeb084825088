import { expect, test } from 'vitest'
import { CopyEncoder, toHalf } from '../../src/stores/postgres/copy-binary.ts'

test('numbers become half precision as IEEE 754 says: nearest, ties to even', () => {
  const halves = [
    0,
    1,
    -2,
    0.5,
    65_504,
    65_520,
    1 / 3,
    5.960_464_477_539_063e-8,
    2 ** -25,
    6.1e-5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]
  expect(halves.map((value) => toHalf(value).toString(16))).toEqual([
    '0',
    '3c00',
    'c000',
    '3800',
    '7bff',
    '7c00',
    '3555',
    '1',
    '0',
    '3ff',
    '7e00',
    '7c00',
  ])
})

test('a row is written in the binary format of COPY', () => {
  const encoder = new CopyEncoder()
  encoder.row([{ int8: 2 ** 40 }, { text: 'é' }, null, { texts: ['a', ''] }, { vector: new Float32Array([1]) }])
  const hex = Buffer.from(encoder.end()).toString('hex')
  const fields = `
    5047434f50590aff0d0a00 00000000 00000000
    0005
    00000008 0000010000000000
    00000002 c3a9
    ffffffff
    0000001d 00000001 00000000 00000019 00000002 00000001 00000001 61 00000000
    00000008 0001 0000 3f800000
    ffff`
  expect(hex).toBe(fields.replaceAll(/\s/g, ''))
})
