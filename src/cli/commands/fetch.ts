import type { Command } from 'commander'
import type { RecordView } from '../../../schemas/search.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { duration } from '../table.ts'

export function addFetch(program: Command): void {
  program
    .command('fetch')
    .argument('<id>', 'record id, as search shows it')
    .description('Show one record whole, with where it comes from and how fresh it is')
    .action(async (id: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        await using app = await run.openApp()
        const record = await app.knowledge().fetch(id, app.config.access.local)
        run.print(record, () => toText(record))
      })
    })
}

function toText(record: RecordView): string {
  const fields = Object.entries(record.fields).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const head = [
    record.title,
    `${record.id}${record.url === '' ? '' : `  ${record.url}`}`,
    `in step ${duration(record.lag_ms)} ago (${record.as_of}), position ${record.position}`,
    ...fields,
  ]
  return `${head.join('\n')}\n\n${record.text}`
}
