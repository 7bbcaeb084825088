import { stringify } from 'yaml'

import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Engine } from '../../../src/semantic/engine.ts'
import { inputsOf, nameOf } from '../../../src/semantic/find-faults.ts'
import type { Question } from '../../../src/semantic/question.ts'
import { ask, evaluate } from './ask.ts'
import type { Outcome } from './ask.ts'
import type { Generated } from './generated.ts'
import { shrinkQuestion } from './shrink-question.ts'

/** Everything that is needed to see a difference again: its seed, the smallest question, the layer, rows and SQL. */
export async function describeDifference(
  generated: Generated,
  question: Question,
  engine: Engine,
  kind: Outcome['kind'],
): Promise<string> {
  const outcomeOf = (one: Question): Promise<Outcome> => ask(generated, one, evaluate(generated, one), engine)
  const smallest = await shrinkQuestion(question, async (one) => (await outcomeOf(one)).kind === kind)
  const { what, sql } = await outcomeOf(smallest)
  const { layer, tables, seed } = generated
  const metrics = metricsOf(layer, smallest.metrics)
  const answer = evaluate(generated, smallest)
  return [
    `${kind} on ${engine.dialect}, layer of seed ${seed}: ${JSON.stringify(smallest)}`,
    `expected: ${'reason' in answer ? `${answer.reason}: ${answer.message}` : JSON.stringify(answer.rows)}`,
    `given: ${what}`,
    sql,
    stringify({ metrics, models: layer.models, calendars: layer.calendars }),
    ...Object.entries(tables).map(([name, { rows }]) => `${name}: ${JSON.stringify(rows)}`),
  ].join('\n')
}

/** These, and those that they are made of. */
function metricsOf(layer: MetricLayer, names: readonly string[]): MetricLayer['metrics'] {
  const found: Record<string, MetricLayer['metrics'][string]> = {}
  for (const name of names) {
    const metric = layer.metrics[name]
    if (metric === undefined) continue
    found[name] = metric
    Object.assign(found, metricsOf(layer, inputsOf(metric).map(nameOf)))
  }
  return found
}
