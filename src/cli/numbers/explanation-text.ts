import type { Explanation } from '../../core/numbers.ts'

/** A statement as a script: its parameters are comments, so that it can be copied whole. */
export function statementText({ sql, values }: Explanation): string {
  const given = values.map((value, index) => `-- ${String(index + 1)}: ${JSON.stringify(value)}`)
  return [sql, ...(given.length === 0 ? [] : ['-- parameters, in their order', ...given])].join('\n')
}

/** What is read for a question, and how; then the statement. */
export function explanationText(explanation: Explanation): string {
  const { dialect, connection, tables, models, steps } = explanation
  const facts = [
    ['connection', connection === null ? null : `${connection} (${dialect})`],
    ['models', models.join(', ')],
    ['tables', tables.join(', ')],
  ] as const
  return [
    ...facts.flatMap(([what, text]) => (text === null || text === '' ? [] : [`${what.padEnd(10)}  ${text}`])),
    '',
    ...steps,
    ...(steps.length === 0 ? [] : ['']),
    statementText(explanation),
  ].join('\n')
}
