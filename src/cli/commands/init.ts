import { relative } from 'node:path'
import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../run.ts'

export function addInit(program: Command): void {
  program
    .command('init')
    .option('--from <url>', 'URL of a database to draft sources from, or a folder of documents')
    .description('Write a commented aquifer.yaml here')
    .addHelpText('after', '\nExamples:\n  aquifer init\n  aquifer init --from postgresql://reader@localhost/shop')
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions & { from?: string }>()
      await runCommand(flags, async (run) => {
        const { initConfig } = await import('../../config/init-config.ts')
        const result = await initConfig({ dir: run.dir, from: flags.from })
        run.print(result, () => {
          const file = relative(process.cwd(), result.file)
          const lines = [
            `Wrote ${file === '' ? result.file : file} with ${result.sources.length === 0 ? 'no sources yet' : `the sources ${result.sources.join(', ')}`}.`,
          ]
          if (result.ignoredIn !== undefined)
            lines.push(`Added .aquifer/ to ${relative(process.cwd(), result.ignoredIn)}.`)
          if (result.env !== undefined) lines.push(`Set the environment variable ${result.env} to the database's URL.`)
          return [...lines, 'Next: look it over, then `aquifer check` and `aquifer sync`.'].join('\n')
        })
      })
    })
}
