import { expect, test } from 'vitest'
import { readKey } from '../../indexers/kafka/message-key.ts'
import { readMessage } from '../../indexers/kafka/read-message.ts'

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))
const told = (key: string | null, value: string | null, format: 'json' | 'debezium' = 'json') =>
  readMessage({ key: bytes(key), value: bytes(value) }, format)

test.for<readonly [key: string, expected: string]>([
  ['plain', 'plain'],
  ['42', '42'],
  ['"quoted"', '"quoted"'],
  ['[1,2]', '[1,2]'],
  ['{no json}', '{no json}'],
  ['{}', '{}'],
  ['{"id":42}', '42'],
  ['{"id":"a b"}', 'a b'],
  ['{"id":9007199254740993}', '9007199254740993'],
  ['{"id":1,"lang":"en"}', '["1","en"]'],
  ['{"id":1,"lang":null}', '["1",null]'],
  ['{"id":true,"at":{"x":1}}', '["true","{\\"x\\":1}"]'],
  ['\ufeffmarked', '\ufeffmarked'],
])('the key %s is %s', ([key, expected]) => {
  expect(readKey(Buffer.from(key), false)).toEqual({ key: expected })
})

test('the key of a converter that writes schemas is its payload', () => {
  const key = Buffer.from('{"schema":{"type":"struct"},"payload":{"id":42}}')
  expect(readKey(key, true)).toEqual({ key: '42' })
  expect(readKey(key, false)).toEqual({ key: '["{\\"type\\":\\"struct\\"}","{\\"id\\":42}"]' })
})

test.for<readonly [key: Buffer | null, problem: string]>([
  [null, 'the message has no key'],
  [Buffer.from(''), 'the key is empty'],
  [Buffer.from('{"id":""}'), 'the key is empty'],
  [Buffer.from('{"id":null}'), 'the key has no value'],
  [Buffer.from('a\0b'), 'the key holds a NUL character'],
  [Buffer.from([0xff, 0xfe]), 'the key is not UTF-8'],
  [Buffer.from('é'.repeat(1001)), 'the key has more than 2000 bytes'],
])('a key that tells nothing apart is refused: %s', ([key, problem]) => {
  expect(readKey(key, false)).toEqual({ problem })
})

test('a JSON object is the record, with numbers as they were written', () => {
  expect(told('a', '{"n":9007199254740993,"d":0.1,"e":1.10,"deep":{"x":[12345678901234567890]}}')).toEqual({
    kind: 'put',
    key: 'a',
    row: { n: '9007199254740993', d: 0.1, e: 1.1, deep: { x: ['12345678901234567890'] } },
  })
})

test.for<readonly [value: string, problem: string]>([
  ['', 'the value is no JSON that can be held as it is'],
  ['{"a":1', 'the value is no JSON that can be held as it is'],
  ['{"a":1,"a":2}', 'the value is no JSON that can be held as it is'],
  ['{"a":"\\u0000"}', 'the value is no JSON that can be held as it is'],
  ['{"a":"\\ud800"}', 'the value is no JSON that can be held as it is'],
  ['null', 'the value is no JSON object'],
  ['"text"', 'the value is no JSON object'],
  ['[1]', 'the value is no JSON object'],
])('the value %s is set aside', ([value, problem]) => {
  expect(told('a', value)).toEqual({ kind: 'reject', problem })
})

test('a value that is not UTF-8 is set aside', () => {
  const value = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe9]), Buffer.from('"}')])
  expect(readMessage({ key: Buffer.from('a'), value }, 'json')).toMatchObject({ kind: 'reject' })
})

test('a tombstone is a delete, in both formats', () => {
  expect(told('a', null)).toEqual({ kind: 'delete', key: 'a' })
  expect(told('{"id":1}', null, 'debezium')).toEqual({ kind: 'delete', key: '1' })
  expect(told('{"id":1}', '{"schema":null,"payload":null}', 'debezium')).toEqual({ kind: 'delete', key: '1' })
  expect(told(null, null)).toEqual({ kind: 'reject', problem: 'the message has no key' })
})

test.for(['c', 'u', 'r'])('an envelope with op %s is the row after it, with and without schema', (op) => {
  const envelope = `{"op":"${op}","before":{"id":1,"name":"old"},"after":{"id":1,"name":"new"},"source":{"lsn":9007199254740993}}`
  const put = { kind: 'put', key: '1', row: { id: 1, name: 'new' } }
  expect(told('{"id":1}', envelope, 'debezium')).toEqual(put)
  expect(told('{"id":1}', `{"schema":{},"payload":${envelope}}`, 'debezium')).toEqual(put)
})

test('an envelope with op d is a delete', () => {
  expect(told('{"id":1}', '{"op":"d","before":{"id":1},"after":null}', 'debezium')).toEqual({
    kind: 'delete',
    key: '1',
  })
})

const placeholder = '__debezium_unavailable_value'

test.for<readonly [value: string, problem: string]>([
  ['{"id":1}', 'the value is no change as Debezium writes it'],
  ['[]', 'the value is no change as Debezium writes it'],
  ['{"op":"m","message":{}}', 'the value tells of no row'],
  ['{"op":"c","after":null}', 'the change does not say what the row is after it'],
  [
    `{"op":"u","after":{"id":1,"body":"${placeholder}"}}`,
    'the change leaves out values that it did not touch; set REPLICA IDENTITY FULL on the table',
  ],
  [
    `{"op":"u","after":{"id":1,"body":"${btoa(placeholder)}"}}`,
    'the change leaves out values that it did not touch; set REPLICA IDENTITY FULL on the table',
  ],
  [
    `{"op":"u","after":{"id":1,"tags":["${placeholder}"]}}`,
    'the change leaves out values that it did not touch; set REPLICA IDENTITY FULL on the table',
  ],
])('the envelope %s is set aside', ([value, problem]) => {
  expect(told('{"id":1}', value, 'debezium')).toEqual({ kind: 'reject', problem })
})

test('a truncated table is set aside, though its message has no key', () => {
  expect(told(null, '{"schema":{},"payload":{"op":"t"}}', 'debezium')).toEqual({
    kind: 'reject',
    problem: 'the table was truncated, and no message says which records that removed',
  })
})
