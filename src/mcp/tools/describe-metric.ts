import { z } from 'zod'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import { AquiferError } from '../../core/errors.ts'
import type { MetricDetails, MetricDimension } from '../../core/numbers.ts'
import { lineageText, type MetricDescription } from '../../semantic/describe-metric.ts'
import { cutText } from '../cut-text.ts'
import { fillList } from '../fill-list.ts'
import { forAgents } from '../metric-failure.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine, cleanText } from '../untrusted-text.ts'

/** Together within a default result of 8,000 tokens. */
const dimensionTokens = 4200
const lineageTokens = 1000
const checkTokens = 1000
const mostValues = 100

export const describeMetric = defineTool({
  name: 'describe_metric',
  title: 'Describe a metric',
  description:
    'What a metric means, whether to trust it, where it comes from and what it can be asked by. With a dimension: its values instead.',
  input: z.strictObject({
    name: z.string().min(1).max(300),
    dimension: z.string().min(1).max(300).optional(),
    like: z.string().max(300).optional().describe('Only values that hold this'),
  }),
  output: z.object({
    name: z.string(),
    definition: z.looseObject({}).optional(),
    lineage: z.string().optional(),
    checks: z.array(z.looseObject({ name: z.string(), status: z.string() })).optional(),
    dimensions: z
      .array(z.looseObject({ name: z.string(), kind: z.string() }))
      .optional()
      .describe('Times take a grain: NAME__month'),
    total_dimensions: z.int().optional(),
    values: z.array(z.unknown()).optional(),
    more_values: z.boolean().optional(),
  }),
  annotations: readOnly,
  run: async ({ name, dimension, like }, { numbers, caller, signal }) => {
    if (like !== undefined && dimension === undefined)
      throw new AquiferError('ARGUMENT_INVALID', '`like` narrows the values of a dimension.', {
        fix: 'Name the dimension too, or leave `like` out.',
      })
    const opened = await numbers()
    try {
      if (dimension === undefined) return present(name, await opened.describe(name, caller))
      const request = { dimension, metrics: [name], like, limit: mostValues + 1 }
      const values = await opened.values(request, caller, { signal })
      return {
        name,
        values: values.slice(0, mostValues).map((value) => (typeof value === 'string' ? cleanLine(value, 200) : value)),
        more_values: values.length > mostValues,
      }
    } catch (error) {
      throw forAgents(error)
    }
  },
})

function present(name: string, { metric, dimensions, checks }: MetricDetails) {
  // The port says of it only that it is what describeMetric gives.
  const { name: _, lineage, ...definition } = metric as MetricDescription
  const shown = fillList(dimensions.map(presentDimension), dimensionTokens)
  return {
    name,
    definition: presentDefinition(definition),
    lineage: cutText(cleanText(lineageText(lineage)), 0, lineageTokens).text,
    checks: fillList(
      checks.map((check) => presentCheck(check, name)),
      checkTokens,
    ),
    dimensions: dimensions.length === 0 ? [] : shown,
    total_dimensions: dimensions.length,
  }
}

/** What is not said is left out. */
function presentDefinition(definition: Omit<MetricDescription, 'name' | 'lineage'>): Record<string, unknown> {
  const said = Object.entries(definition).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(said.map(([key, value]) => [key, cleanDeep(value)]))
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return cleanLine(value, 1000)
  return Array.isArray(value) ? value.slice(0, 30).map((item) => cleanLine(String(item), 100)) : value
}

function presentDimension({ name, kind, label, description, grain }: MetricDimension) {
  return {
    name,
    kind,
    ...(grain === null ? {} : { grain }),
    ...(label === null ? {} : { label: cleanLine(label, 100) }),
    ...(description === null ? {} : { description: cleanLine(description, 200) }),
  }
}

function presentCheck({ metric, name, status, at, message }: CheckOutcome, of: string) {
  return {
    name: metric === of ? name : `${metric}.${name}`,
    status,
    ...(at === null ? {} : { at }),
    ...(message === null ? {} : { message: cleanLine(message) }),
  }
}
