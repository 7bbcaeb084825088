import { resolve } from 'node:path'
import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../../run.ts'

interface Flags extends GlobalOptions {
  readonly out?: string
}

export function addMetricsExport(group: Command): void {
  group
    .command('export')
    .option('--osi', 'as OSI 1.0, which is the one form there is')
    .option('--out <file>', 'write it there instead of printing it')
    .description('Write models and metrics for other tools; what OSI cannot say is kept in extensions')
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      await runCommand(flags, async (run) => {
        const { exportMetrics } = await import('../../export-metrics.ts')
        const file = flags.out === undefined ? undefined : resolve(flags.out)
        const { document, text, notes } = await exportMetrics(await run.loadConfig(), file)
        const [model] = document.semantic_model
        const said = {
          file: file ?? null,
          datasets: model?.datasets.length ?? 0,
          relationships: model?.relationships?.length ?? 0,
          metrics: model?.metrics?.length ?? 0,
          notes,
        }
        for (const note of notes) run.say(note)
        run.print(file === undefined ? { ...said, document } : said, () =>
          file === undefined
            ? text.trimEnd()
            : `Wrote ${file}: ${String(said.datasets)} datasets, ${String(said.metrics)} metrics.`,
        )
      })
    })
}
