import { BSON } from 'mongodb'
import { expect, test } from 'vitest'
import { compareTokens } from '../../indexers/mongodb/cursor.ts'
import { parseDocument } from '../../indexers/mongodb/document.ts'
import { keyText } from '../../indexers/mongodb/key-text.ts'
import { toObject } from '../../indexers/mongodb/to-json.ts'

const { Binary, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } = BSON
const hex = '65f0c0ffee65f0c0ffee65f0'

function keyOf(id: unknown): string {
  return parseDocument(BSON.serialize({ _id: id })).key
}

test.for<[id: unknown, key: string]>([
  ['apple', 'apple'],
  ['zoë 日本', 'zoë 日本'],
  [new ObjectId(hex), hex],
  [new Int32(5), '5'],
  [new Double(5), '5'],
  [new Double(-0), '0'],
  [Long.fromString('9007199254740993'), '9007199254740993'],
  [Long.fromString('-9223372036854775808'), '-9223372036854775808'],
  [new Double(0.1), '{"$numberDouble":"0.1"}'],
  [new Double(Number.NaN), '{"$numberDouble":"NaN"}'],
  [Decimal128.fromString('0.1'), '{"$numberDecimal":"0.1"}'],
  [new UUID('550e8400-e29b-41d4-a716-446655440000'), '{"$uuid":"550e8400-e29b-41d4-a716-446655440000"}'],
  [new Binary(Buffer.from('ab')), '{"$binary":{"base64":"YWI=","subType":"00"}}'],
  [new Date('2024-01-02T03:04:05.678Z'), '{"$date":{"$numberLong":"1704164645678"}}'],
  [true, 'true'],
  [null, 'null'],
  [{ shop: 'a', n: new Int32(1) }, '{"shop":"a","n":{"$numberInt":"1"}}'],
  [{ n: new Int32(1), shop: 'a' }, '{"n":{"$numberInt":"1"},"shop":"a"}'],
])('the _id %o is the key %s', ([id, key]) => {
  expect(keyOf(id)).toBe(key)
})

test('numbers that MongoDB takes for the same are the same key, also within an _id, and others are not', () => {
  const inside = (n: unknown): string => keyOf({ n: [n] })
  expect(inside(new Int32(1))).toBe('{"n":[{"$numberInt":"1"}]}')
  expect(inside(new Double(1))).toBe(inside(new Int32(1)))
  expect(inside(Long.fromNumber(1))).toBe(inside(new Int32(1)))
  expect(keyText({ n: [1] })).toBe(inside(new Int32(1)))
  expect(keyOf(new Double(2 ** 62))).toBe('{"$numberDouble":"4611686018427387904.0"}')
  expect(keyText(2 ** 62)).toBe(keyOf(new Double(2 ** 62)))
  expect(keyOf(Long.fromString('4611686018427388000'))).toBe('4611686018427388000')
})

test.for<[id: string, key: string]>([
  ['5', '"5"'],
  ['-5', '"-5"'],
  [hex, `"${hex}"`],
  ['true', '"true"'],
  ['null', '"null"'],
  ['{"$numberDecimal":"0.1"}', String.raw`"{\"$numberDecimal\":\"0.1\"}"`],
  ['"5"', String.raw`"\"5\""`],
  ['[a]\nb', String.raw`"[a]\nb"`],
  ['', '""'],
  ['a\0b', String.raw`"a\u0000b"`],
  ['5 ', '5 '],
  ['5\n', '5\n'],
  [hex.toUpperCase(), hex.toUpperCase()],
])('the string %j, which could be taken for another _id, is the key %s', ([id, key]) => {
  expect(keyOf(id)).toBe(key)
  expect(keyText(id)).toBe(key)
})

test('every type of value is JSON that loses nothing', () => {
  const bytes = BSON.serialize(
    {
      _id: new ObjectId(hex),
      text: 'a\u2028b',
      int: new Int32(42),
      double: new Double(0.1),
      big: new Double(2 ** 60),
      odd: [new Double(Number.NaN), new Double(Number.POSITIVE_INFINITY), new Double(-0)],
      long: Long.fromString('9007199254740993'),
      small: Long.fromNumber(1),
      decimal: Decimal128.fromString('1.10'),
      date: new Date(-1),
      uuid: new UUID('550e8400-e29b-41d4-a716-446655440000'),
      binary: new Binary(Buffer.from('ab')),
      flags: [true, null],
      nested: { __proto__x: { deep: new Int32(1) } },
      regex: new BSON.BSONRegExp('^a', 'i'),
      time: new Timestamp({ t: 1, i: 2 }),
      code: new Code('f()'),
      least: new MinKey(),
      most: new MaxKey(),
      ref: new BSON.DBRef('shops', new ObjectId(hex), 'other'),
      undefined: undefined,
    },
    { ignoreUndefined: false },
  )
  expect(toObject(parseDocument(bytes).fields)).toEqual({
    _id: hex,
    text: 'a\u2028b',
    int: 42,
    double: 0.1,
    big: 1152921504606846976,
    odd: ['NaN', 'Infinity', '-0'],
    long: '9007199254740993',
    small: '1',
    decimal: '1.10',
    date: '1969-12-31T23:59:59.999Z',
    uuid: '550e8400-e29b-41d4-a716-446655440000',
    binary: 'YWI=',
    flags: [true, null],
    nested: { __proto__x: { deep: 1 } },
    regex: { $regularExpression: { pattern: '^a', options: 'i' } },
    time: { $timestamp: { t: 1, i: 2 } },
    code: { $code: 'f()' },
    least: { $minKey: 1 },
    most: { $maxKey: 1 },
    ref: { $ref: 'shops', $id: hex, $db: 'other' },
    undefined: null,
  })
})

test('a field named __proto__ stays a field', () => {
  const fields = new Map<string, unknown>([
    ['_id', 'a'],
    ['__proto__', new Map([['x', new Int32(1)]])],
  ])
  const row = toObject(parseDocument(BSON.serialize(fields)).fields)
  expect(JSON.stringify(row)).toBe('{"_id":"a","__proto__":{"x":1}}')
})

test('tokens are compared only where MongoDB says that they can be', () => {
  expect(compareTokens({ _data: '82A1' }, { _data: '82A2' })).toBe(-1)
  expect(compareTokens({ _data: '82A2' }, { _data: '82A2' })).toBe(0)
  expect(compareTokens({ _data: '82B1' }, { _data: '82A2' })).toBe(1)
  expect(compareTokens({ _data: '82B1' }, { _data: { $binary: { base64: '', subType: '00' } } })).toBeUndefined()
})
