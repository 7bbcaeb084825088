import { relative } from 'node:path'
import type { Command } from 'commander'
import { AquiferError } from '../../../core/errors.ts'
import { runCommand, type GlobalOptions } from '../../run.ts'

interface Flags extends GlobalOptions {
  readonly connection?: string
  readonly schema?: string
  readonly name?: string
  readonly replace?: boolean
  readonly skipUnsupported?: boolean
}

export function addMetricsImport(group: Command): void {
  group
    .command('import')
    .argument('<path>', "dbt's semantic_manifest.json, a folder of its YAML, or an OSI file")
    .option('--connection <name>', 'connection of aquifer.yaml that the tables are in')
    .option('--schema <name>', 'schema of tables that leave it open')
    .option('--name <name>', 'name of the file that is written (default: that of what is imported)')
    .option('--replace', 'overwrite the file although it was edited')
    .option('--skip-unsupported', 'leave out what cannot be carried over, and what is made of it')
    .description("Bring metrics of dbt, MetricFlow or OSI into the folder `metrics`, as Aquifer's own")
    .action(async (path: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      await runCommand(flags, async (run) => {
        if (flags.connection === undefined) {
          throw new AquiferError('ARGUMENT_INVALID', 'Say which connection the tables are in: --connection NAME')
        }
        const { importMetrics } = await import('../../import-metrics.ts')
        const result = await importMetrics(await run.loadConfig(), {
          path,
          connection: flags.connection,
          schema: flags.schema,
          name: flags.name,
          replace: flags.replace === true,
          skipUnsupported: flags.skipUnsupported === true,
        })
        run.print(result, () => {
          const { models, metrics, queries, calendars } = result
          const counts = `${count(models, 'model')}, ${count(metrics, 'metric')}, ${count(queries, 'query')}, ${count(calendars, 'calendar')}`
          const heading = result.notes.length === 0 ? [] : ['', 'What did not come along as it was:']
          return [
            `Wrote ${shown(result.file)}: ${counts}.`,
            ...heading,
            ...result.notes.map((note) => `  ${note}`),
            'Next: `aquifer metrics list`.',
          ].join('\n')
        })
      })
    })
}

const shown = (file: string): string =>
  relative(process.cwd(), file).startsWith('..') ? file : relative(process.cwd(), file)

const count = (number: number, what: string): string =>
  `${String(number)} ${number === 1 ? what : what === 'query' ? 'queries' : `${what}s`}`
