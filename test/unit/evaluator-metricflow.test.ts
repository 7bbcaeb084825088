import { parse } from 'csv-parse/sync'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'

import type { NumbersRequest } from '../../src/core/numbers.ts'
import type { Table } from '../../src/semantic/question.ts'
import { parseYamlDocuments } from '../../src/config/parse-yaml.ts'
import { importLayer } from '../../src/semantic/interchange/import-layer.ts'
import { evaluateQuestion } from '../kit/evaluator/evaluate-question.ts'
import { layerOf } from '../kit/evaluator/answer-rows.ts'
import type { Row } from '../kit/evaluator/value.ts'
import { comparable, metricflowFolder, readMetricflowCases } from '../kit/metric-cases.ts'

// Calendars of forty years.
vi.setConfig({ testTimeout: 60_000 })

const isHere = existsSync(metricflowFolder)
if (!isHere) console.warn(`SKIPPING MetricFlow's cases: ${metricflowFolder} is not there.`)

const Schema = z.record(
  z.string(),
  z.object({
    columns: z.array(z.object({ name: z.string(), type: z.enum(['TIME', 'STRING', 'INT', 'FLOAT', 'BOOLEAN']) })),
  }),
)

const Lines = z.array(z.record(z.string(), z.string()))

function readTables(): Readonly<Record<string, readonly Row[]>> {
  const folder = join(metricflowFolder, 'tables')
  const schema = Schema.parse(JSON.parse(readFileSync(join(folder, '_schema.json'), 'utf8')))
  return Object.fromEntries(
    Object.entries(schema).map(([table, { columns }]) => {
      const lines = Lines.parse(parse(readFileSync(join(folder, `${table}.csv`)), { columns: true }))
      const rows = lines.map((line): Row => {
        return Object.fromEntries(columns.map(({ name, type }) => [name, cellOf(type, line[name] ?? String.raw`\N`)]))
      })
      return [`mf.${table}`, rows]
    }),
  )
}

function cellOf(type: string, text: string): Row[string] {
  if (text === String.raw`\N`) return null
  if (type === 'BOOLEAN') return text === 'True'
  return type === 'INT' || type === 'FLOAT' ? Number(text) : text
}

const isEstimate = ({ title }: { readonly title: string }): boolean => title.startsWith('approximate')

const textOf = (path: string): string => readFileSync(path, 'utf8').replaceAll('$source_schema', 'mf')

describe.skipIf(!isHere)("MetricFlow's cases, row by row", () => {
  const folder = join(metricflowFolder, 'manifests')
  const files = isHere ? globSync('{shared,simple_manifest}/**/*.yaml', { cwd: folder }).toSorted() : []
  const documents = files.flatMap((file) => parseYamlDocuments(textOf(join(folder, file)), file))
  const options = { connection: 'data', schema: 'mf', skipUnsupported: false }
  const layer = isHere ? layerOf(importLayer(documents, options).layer) : layerOf({})
  const tables = isHere ? readTables() : {}

  const ask = (request: NumbersRequest): Table => {
    const { by = [], order = [], distinct = true, extent = false } = request
    const answer = evaluateQuestion(layer, tables, { ...request, by, order, distinct, extent })
    if ('reason' in answer) throw new Error(`${answer.reason}: ${answer.message}`)
    return answer
  }
  const cases = isHere ? readMetricflowCases() : []

  test.each(cases.filter((one) => !isEstimate(one)))('$title', ({ request, ordered, columns, rows }) => {
    const answer = ask(request)
    const names = answer.columns.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...columns].toSorted())
    const given = answer.rows.map((row) => columns.map((column) => row[names.indexOf(column)] ?? null))
    expect(comparable(given, ordered)).toEqual(comparable(rows, ordered))
  })

  test.each(cases.filter(isEstimate))('$title is exact here, in the same rows', ({ request, rows }) => {
    expect(ask(request).rows).toHaveLength(rows.length)
  })
})
