import { isMap, type Item } from '../item.ts'
import { refuse, scalar, text } from '../read-item.ts'

/** The ANSI SQL of a field or metric. */
export function readExpression(item: Item): string {
  const expression = item.get('expression') ?? refuse(item, 'expression is missing')
  if (typeof expression.value === 'string') return scalar(expression)
  const dialects = (isMap(expression.value) ? expression.get('dialects') : expression)?.items() ?? []
  // Others say the same in the SQL of one product.
  for (const one of dialects) one.ignoreAll()
  const ansi = dialects.find((one) => /^(ANSI_SQL|(OSI|OSSIE)_SQL\w*)$/i.test(text(one, 'dialect') ?? 'ANSI_SQL'))
  const said = [...(ansi === undefined ? [] : [ansi]), ...dialects].map((one) => text(one, 'expression') ?? '')
  // A column alone is the same in any SQL.
  const sql = ansi === undefined ? said.find((one) => /^(\w+\.)?[A-Za-z_]\w*$/.test(one)) : said[0]
  return sql === undefined || sql === '' ? refuse(expression, 'says no expression in ANSI_SQL') : sql
}
