import { expect, test } from 'vitest'
import { ConditionError } from '../../src/semantic/condition/condition-error.ts'
import { parseCondition } from '../../src/semantic/condition/parse-condition.ts'
import { parseGroupBy } from '../../src/semantic/condition/parse-group-by.ts'
import { mapTree } from '../../src/semantic/condition/visit-tree.ts'
import { writeCondition } from '../../src/semantic/condition/write-condition.ts'
import { randomTree } from '../kit/condition-trees.ts'
import { createRandom } from '../kit/random.ts'

function refusal(text: string): { message: string; at: number } {
  try {
    parseCondition(text)
  } catch (error) {
    if (error instanceof ConditionError) return { message: error.message, at: error.at }
    throw error
  }
  throw new Error(`it was read: ${text}`)
}

test.each([
  ['a = 1; drop table users', 'expected one condition alone, found ;', 5],
  ["a = 'x' -- and is_test", 'expected a condition without comments, found --', 8],
  ['a /* hidden */ = 1', 'expected a condition without comments, found /*', 2],
  ['a = 1 # hidden', 'expected a condition without comments, found #', 6],
  ["a = '' or 1=1 --", 'expected a condition without comments, found --', 14],
  ["a = 'x' union select password from users", 'expected an operator or the end, found union', 8],
  ['a in (select id from users)', 'expected , or ), found id', 13],
  ['exists (select 1)', 'expected a function, found exists; known: abs, cast,', 0],
  ['pg_sleep(10) is null', 'expected a function, found pg_sleep', 0],
  ["read_csv('/etc/passwd')", 'expected a function, found read_csv', 0],
  ['constructor(a)', 'expected a function, found constructor', 0],
  ['a::constructor', 'expected a type, found constructor', 3],
  ["date_trunc('__proto__', a)", 'expected a grain, found __proto__', 11],
  ['sum(a) > 1', 'expected a function of one row, found sum; what is aggregated is a metric', 0],
  ['lowr(a)', 'expected a function, found lowr; did you mean lower?', 0],
  ['"a" = 1', "expected a text in single quotes ('…') or a name without quotes, found \"", 0],
  ['a = ‘us’', "expected a text in plain single quotes ('…'), found ‘", 4],
  ["a = 'us", 'expected a quote that closes the text', 4],
  ["a = 'it''s", 'expected a quote that closes the text', 4],
  ["a = E'\\n'", 'expected an operator or the end, found a text', 5],
  ["a = 'x\0y'", 'expected a name, a value or an operator, found the character U+0000', 6],
  ['a\0 = 1', 'expected a name, a value or an operator, found the character U+0000', 1],
  ["a = '\ud83e'", 'expected a text of whole Unicode characters', 5],
  ['a = $1', 'expected a name, a value or an operator, found $', 4],
  ['a = :x', 'expected a name, a value or an operator, found :', 4],
  ['a = ?', 'expected a name, a value or an operator, found ?', 4],
  ['a @> b', 'expected a name, a value or an operator, found @', 2],
  ['orders.country = 1', 'expected names joined with __, as in customer__country, found .', 6],
  ['país = 1', 'expected a name, a value or an operator, found í', 2],
  ['a\u200b = 1', 'expected a name, a value or an operator, found the character U+200B', 1],
  ['', 'expected a name or a value, found the end', 0],
  ['   ', 'expected a name or a value, found the end', 3],
  ['(a = 1', 'expected an operator or ), found the end', 6],
  ['a = 1)', 'expected an operator or the end, found )', 5],
  ['a = 1 and', 'expected a name or a value, found the end', 9],
  ['and a', 'expected a name or a value, found and', 0],
  ['a nd b', 'expected an operator or the end, found nd; did you mean and?', 2],
  ["a ilike 'x'", "expected an operator or the end, found ilike; did you mean lower(x) like 'a%'?", 2],
  ['a < b < c', 'expected and, or, or parentheses around the comparison, found <', 6],
  ['a in (1) + 2', 'expected an operator or the end, found +', 9],
  ['a in ()', 'expected a name or a value, found )', 6],
  ['a not null', 'expected in, between or like, found null', 6],
  ['a is 5', 'expected null, not null, true or false, found 5', 5],
  ['a between 1 or 2', 'expected and, with the upper bound, found or', 12],
  ['case when a then b', 'expected an operator, when, else or end, found the end', 18],
  ['case end', 'expected a name or a value, found end', 5],
  ['round(a, 1, 2)', 'expected 1 to 2 arguments of round, found 3', 0],
  ['lower()', 'expected 1 argument of lower, found 0', 0],
  ['concat(a)', 'expected at least 2 arguments of concat, found 1', 0],
  ['cast(a as varchar(20))', 'expected a type without a length or precision, found (', 17],
  ['cast(a as tex)', 'expected a type, found tex; did you mean text?', 10],
  ['extract(moth from a)', 'expected a part of a date, found moth; did you mean month?', 8],
  ["date_trunc('mont', a)", 'expected a grain, found mont; did you mean month?', 11],
  ['date_trunc(month, a)', "expected a grain in quotes, as in date_trunc('month', x), found month", 11],
  ["metric('bookings')", 'expected names, as in metric(bookings, listing), found a text', 7],
  ['a = 5x', 'expected a number such as 1.5 or 1e6', 4],
  ['a = 0x1F', 'expected a number such as 1.5 or 1e6', 4],
  ['a = 9007199254740993', "expected a number below 2^53, found 9007199254740993; write cast('…' as integer)", 4],
  ['a = 1e999', "expected a number below 2^53, found 1e999; write cast('…' as integer)", 4],
  ['{% if a %} b {% endif %}', 'expected {{ … }}, found {%', 0],
  ['a }} b', 'expected {{ before it, found }}', 2],
  ["{{ Dimension('a') ", 'expected }}, found the end', 18],
  ["{{ env_var('SECRET') }}", 'expected one of Dimension, TimeDimension, Entity, Metric, found env_var', 3],
  ['{{ {{ a }} }}', 'expected a name, a value or an operator, found {', 3],
  ["{{ Dimension('a') + 1 }}", 'expected a name, a value or an operator, found +', 18],
  ["{{ Dimension('a') }} = {{ 'x' }}", 'expected one of Dimension, TimeDimension, Entity, Metric, found a text', 26],
  ["{{ Dimension('a; drop table x') }}", 'expected a name such as listing__country within the quotes', 13],
  ["{{ Dimension('a', entity_path=['b\" --']) }}", 'expected a name such as listing__country within the quotes', 18],
  ["{{ Metric('m', group_by='listing') }}", "expected a list such as ['listing']", 15],
  ["{{ Dimension(['a']) }}", 'expected the name in quotes', 13],
  ['{{ Dimension() }}', "expected Dimension('…') with a name, found none", 3],
  ["{{ Dimension('a', ['b'], 'c') }}", "expected at most 2 of Dimension's arguments, found more", 25],
  ["{{ Dimension('a', path=['b']) }}", 'expected an argument of Dimension, found path', 18],
  ["{{ TimeDimension('a', 'day').grain('month') }}", 'expected one grain, found another', 35],
  [
    "{{ Dimension('a').grian('day') }}",
    'expected one of grain, date_part, descending, found grian; did you mean grain?',
    18,
  ],
  ["{{ Dimension('a').__class__ }}", 'expected one of grain, date_part, descending, found __class__', 18],
  ["{{ Dimension('a').date_part('dayofmonth') }}", 'expected a part of a date, found dayofmonth', 28],
  ["{{ Dimension('a').descending(True) }}", 'expected no order within a condition, found descending', 3],
  ["{{ Metric('m').grain('day') }}", 'expected a metric without a grain or a part of a date', 3],
])('%s is refused in its place', (text, message, at) => {
  const found = refusal(text)
  expect(found.message).toContain(message)
  expect(found.at).toBe(at)
})

test('a message never repeats a text, and little of anything else', () => {
  expect(refusal("a 'my secret'").message).toBe('expected an operator or the end, found a text')
  expect(refusal(`a ${'b'.repeat(10_000)}`).message).toBe(`expected an operator or the end, found ${'b'.repeat(40)}…`)
  expect(refusal(`${'f'.repeat(10_000)}(a)`).message.length).toBeLessThan(300)
})

const deep = [
  ['parentheses', `${'('.repeat(9000)}a${')'.repeat(9000)}`],
  ['calls', `${'abs('.repeat(3000)}a${')'.repeat(3000)}`],
  ['not', `${'not '.repeat(4900)}a`],
  ['signs', `${'- '.repeat(9000)}a`],
  ['case', `${'case when '.repeat(1900)}a`],
  ['lists', `${'a in ('.repeat(3000)}1${')'.repeat(1000)}`],
] as const

test.each(deep)('endless %s are refused without ending the stack', (_what, text) => {
  expect(refusal(text).message).toBe('expected at most 200 levels of nesting, found more')
})

test('a long row of operators is refused, a long list is not', () => {
  const row = Array.from({ length: 600 }, (_, index) => `a = ${index}`).join(' or ')
  expect(refusal(row).message).toBe(
    'expected at most 500 operators in a row, found more; many values of one name go in a list: x in (…)',
  )
  expect(refusal(`a${'::int'.repeat(1000)}`).message).toContain('at most 500 operators')
  const tree = parseCondition(`a in (${Array.from({ length: 4000 }, (_, index) => index % 10).join(', ')})`)
  expect(tree.kind === 'in' && tree.list.length).toBe(4000)
})

test('what is nested as deep as it may be is walked without ending the stack', () => {
  const text = `${'(not a = 1 + ('.repeat(66)}b${'))'.repeat(66)}`
  const tree = parseCondition(text)
  expect(parseCondition(writeCondition(mapTree(tree, (node) => node)))).toEqual(tree)
})

test('a short text that stands for an endless tree is refused at once', () => {
  const nested = `${'('.repeat(60)}a${' between 1 and 2)'.repeat(60)}`
  expect(refusal(nested).message).toBe('expected at most 20000 parts, found more')
  const cases = `${'case '.repeat(100)}a${' when 1 then 2 when 3 then 4 end'.repeat(100)}`
  expect(refusal(cases).message).toBe('expected at most 20000 parts, found more')
})

test('a text that is too long is not looked at', () => {
  expect(refusal(`a = '${'x'.repeat(20_000)}'`)).toEqual({
    message: 'expected at most 20000 characters, found 20006',
    at: 20_000,
  })
})

test('whatever is done to a condition, it is read and written, or refused in a place of it', () => {
  const random = createRandom(7)
  const pieces = [
    "'",
    '"',
    '(',
    ')',
    '{{',
    '}}',
    ';',
    '--',
    '/*',
    ' or ',
    ' not ',
    ',',
    '1',
    '\0',
    '’',
    '::',
    ' in ',
    '-',
  ]
  for (let round = 0; round < 5000; round += 1) {
    const text = writeCondition(randomTree(random, 3))
    const from = random.int(0, text.length)
    const piece = random.some(pieces, 1).join('')
    const broken = text.slice(0, from) + piece + text.slice(from + random.int(0, 3))
    expect(isSound(broken), broken).toBe(true)
    outcomeOfColumn(broken)
  }
})

function isSound(text: string): boolean {
  const read = outcome(text)
  return typeof read === 'number' ? read >= 0 && read <= text.length : outcome(read) === read
}

/** The canonical text, or where it was refused; anything but a refusal is thrown on. */
function outcome(text: string): string | number {
  try {
    return writeCondition(parseCondition(text))
  } catch (error) {
    if (error instanceof ConditionError) return error.at
    throw error
  }
}

function outcomeOfColumn(text: string): void {
  try {
    parseGroupBy(text)
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
  }
}
