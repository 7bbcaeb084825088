import type { Command } from 'commander'
import { AquiferError } from '../../core/errors.ts'
import { hint } from '../../core/nearest.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { table } from '../table.ts'

export function addMetrics(program: Command): void {
  const group = program.command('metrics').description('Governed numbers, as the folder `metrics` defines them')
  group
    .command('list', { isDefault: true })
    .description('List the metrics; what metrics does by itself')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        refuseUnknown(group, command.args)
        const { loadMetrics } = await import('../load-metrics.ts')
        const { metrics } = await loadMetrics(await run.loadConfig())
        const rows = Object.entries(metrics).toSorted(([a], [b]) => (a < b ? -1 : 1))
        run.print(
          {
            metrics: rows.map(([name, { type, status, description, scope }]) => ({
              name,
              type,
              status,
              description: description ?? null,
              scope: scope ?? null,
            })),
          },
          () =>
            rows.length === 0
              ? 'The folder defines no metrics yet.'
              : table(
                  ['metric', 'type', 'status', 'what it is'],
                  rows.map(([name, metric]) => [
                    name,
                    metric.type,
                    metric.status,
                    metric.description ?? metric.label ?? '',
                  ]),
                ),
        )
      })
    })
  group
    .command('describe')
    .argument('<name>', 'name of a metric')
    .description('Show what a metric means: its definition, scope, trust and where its numbers come from')
    .action(async (name: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const { loadMetrics } = await import('../load-metrics.ts')
        const { describeMetric, describeText } = await import('../../semantic/describe-metric.ts')
        const layer = await loadMetrics(await run.loadConfig())
        const metric = describeMetric(layer, name)
        if (metric === undefined) {
          throw new AquiferError(
            'METRIC_UNKNOWN',
            `There is no metric ${name}${hint(name, Object.keys(layer.metrics))}`,
          )
        }
        run.print(metric, () => describeText(metric))
      })
    })
}
