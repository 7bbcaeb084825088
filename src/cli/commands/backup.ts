import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { makeFolder } from '../../config/make-folder.ts'
import { AquiferError } from '../../core/errors.ts'
import { runCommand, type GlobalOptions } from '../run.ts'

export function addBackup(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'where to write it')
    .description('Write the whole ledger to a file; it holds your content and key hashes, so keep it safe')
    .action(async (file: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        await using app = await run.openApp()
        const path = resolve(file)
        await makeFolder(dirname(path)).catch((cause: unknown) => {
          throw new AquiferError('DIR_NOT_WRITABLE', `The folder ${dirname(path)} cannot be made.`, {
            cause,
            fix: 'Name a file in a folder that this user may write to.',
          })
        })
        const { records, bytes } = await app.ledger.backup({ path })
        run.print(
          { file: path, records, bytes },
          () => `${String(records)} records in ${(bytes / 1e6).toFixed(1)} MB: ${path}`,
        )
      })
    })
  program
    .command('restore')
    .argument('<file>', 'what backup wrote')
    .description('Read a backup into an empty ledger: all of it or nothing')
    .action(async (file: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const path = resolve(file)
        await access(path).catch((cause: unknown) => {
          throw new AquiferError('BACKUP_INVALID', `The file ${path} can't be read.`, { cause })
        })
        await using app = await run.openApp()
        const { records } = await app.ledger.restore({ path })
        const { generation } = await app.ledger.status()
        // What it holds may be newer than the backup, and newer wins: it is made anew by the next sync.
        if (generation !== undefined) await app.projection?.drop(generation.id)
        run.print(
          { file: path, records },
          () => `Restored ${String(records)} records. \`aquifer sync\` brings them up to date.`,
        )
      })
    })
}
