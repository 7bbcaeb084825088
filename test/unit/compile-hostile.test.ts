import { expect, test } from 'vitest'
import { compileQuestion } from '../../src/semantic/compile.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { DialectName } from '../../src/semantic/engine.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import type { Question } from '../../src/semantic/question.ts'
import { shopLayer } from '../kit/shop-layer.ts'

const access = accessOf(shopLayer, { id: 'agent', groups: ['sales'], admin: false }, { public: true })
const dialects: readonly DialectName[] = ['postgres', 'duckdb', 'mysql', 'clickhouse']

const attacks = [
  `x'; drop table orders; --`,
  `x' or '1'='1`,
  `x\\' or 1=1 -- `,
  `"; select pg_sleep(10); --`,
  '`; select sleep(10); --',
  `') union select password from users --`,
  `1; commit; delete from orders`,
  `order__channel = 'web' union all select 1`,
  `order__channel = (select current_user)`,
  `exists (select 1 from pg_shadow)`,
  `pg_read_file('/etc/passwd') = ''`,
  `set_config('role', 'postgres', false) = ''`,
  `load_file('/etc/passwd') is null`,
  `read_csv('/etc/passwd') is null`,
  `order__channel = $1`,
  `order__channel = ?`,
  `order__channel = {p1:String}`,
  `order__channel /* web */ = 'web'`,
  `order__channel = 'web' -- '`,
  `order__channel = e'web\\x27'`,
  `order__channel = $$web$$`,
  `order__channel::regclass = 'orders'`,
  `median_amount > 0`,
  `amount > 0`,
  `"amount" > 0`,
  `b.amount > 0`,
  `orders.amount > 0`,
  `{{ Dimension('amount') }} > 0`,
  `{{ config.password }} = ''`,
  `{% set x = 1 %} true`,
  `metric(median_order, customer) > 0`,
  `metric(balance, account) > 0`,
  `\u0000`,
  `order__channel = '\u0000'`,
  `ｏｒｄｅｒ__channel = 'web'`,
  `order__channel ＝ 'web'`,
  `Europe/Berlin' AT TIME ZONE 'UTC`,
  `2024-01-01' or true --`,
  '__proto__',
  'constructor',
  '../../etc/passwd',
  `${'('.repeat(5000)}true${')'.repeat(5000)}`,
]

type Place = (attack: string) => Partial<Question>

const places: Readonly<Record<string, Place>> = {
  metrics: (attack) => ({ metrics: [attack] }),
  by: (attack) => ({ by: [attack] }),
  'the end of by': (attack) => ({ by: [`metric_time__${attack}`] }),
  where: (attack) => ({ where: attack }),
  'a value of where': (attack) => ({ where: `order__channel = '${attack.replaceAll("'", "''")}'` }),
  from: (attack) => ({ from: attack }),
  to: (attack) => ({ to: attack }),
  order: (attack) => ({ order: [attack] }),
  timeZone: (attack) => ({ timeZone: attack, by: ['metric_time'] }),
}

/** What became of it: an error or a refusal, or a statement. */
function compile(
  part: Partial<Question>,
  dialect: DialectName,
): { readonly sql: string; readonly values: readonly unknown[] } | 'turned away' {
  const question: Question = { metrics: ['revenue'], by: [], order: [], distinct: true, extent: false, ...part }
  try {
    const compiled = compileQuestion(shopLayer, question, { dialect, access })
    return 'refusal' in compiled ? 'turned away' : compiled.statement
  } catch (error) {
    if (error instanceof AquiferError && error.kind !== 'bug') return 'turned away'
    throw error
  }
}

test.each(Object.keys(places).filter((name) => name !== 'a value of where'))(
  'what is no name, date or condition is turned away: %s',
  (name) => {
    const passed = attacks.filter((attack) =>
      dialects.some((dialect) => compile(places[name]?.(attack) ?? {}, dialect) !== 'turned away'),
    )
    expect(passed).toEqual([])
  },
)

test('a value of a condition is a parameter, never a part of the statement', () => {
  const harmless = dialects.map((dialect) => compile({ where: "order__channel = 'web'" }, dialect))
  // NUL is in no database's text, and a condition has an end.
  const sendable = attacks.filter((attack) => !attack.includes('\u0000') && attack.length < 4000)
  const statements = sendable.map((attack) =>
    dialects.map((dialect) => compile(places['a value of where']?.(attack) ?? {}, dialect)),
  )
  const expected = sendable.map((attack) =>
    harmless.map((one) => (one === 'turned away' ? one : { sql: one.sql, values: [one.values[0], attack] })),
  )
  expect(statements).toEqual(expected)
})
