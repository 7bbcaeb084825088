import type { MetricDescription } from '../../semantic/describe-metric.ts'
import type { Run } from '../run.ts'
import { terminalWidth } from '../terminal-width.ts'
import { askNumbers } from './ask-numbers.ts'
import { detailsText } from './details-text.ts'

/** What is known of a metric, its description first. */
export async function describe(run: Run, name: string): Promise<number | void> {
  return askNumbers(run, async ({ numbers, caller }) => {
    const { metric, dimensions, checks } = await numbers.describe(name, caller)
    // The port says of it only that it is what describeMetric gives.
    const details = { metric: metric as MetricDescription, dimensions, checks }
    run.print({ ...details.metric, dimensions, checks }, () => detailsText(details, terminalWidth()))
  })
}
