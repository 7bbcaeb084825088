import { createHash, randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { everybody } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import type { ApiKey } from '../../core/ledger.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { table } from '../table.ts'

/** The ledger keeps only this of a key. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export function addKeys(program: Command): void {
  const group = program.command('keys').description("Callers' keys for HTTP, each with groups")
  group
    .command('add')
    .argument('<name>', 'who it is for')
    .option('--group <group...>', 'groups whose records the key opens, besides public ones')
    .option('--admin', 'opens everything')
    .description('Make a key; it is shown once')
    .addHelpText('after', '\nExample:\n  aquifer keys add ide-of-ann --group staff --group legal')
    .action(async (name: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions & { group?: string[]; admin?: boolean }>()
      await runCommand(flags, async (run) => {
        const groups = flags.group ?? []
        if (groups.includes(everybody)) throw new AquiferError('ARGUMENT_INVALID', 'A group cannot be named *.')
        await using app = await run.openApp()
        const key = `aq_${randomBytes(24).toString('base64url')}`
        const added = await app.ledger.addKey({ name, groups, admin: flags.admin === true, hash: hashKey(key) })
        run.print({ ...toJson(added), key }, () => `${key}\n\nShown once. Send it as \`Authorization: Bearer KEY\`.`)
      })
    })
  group
    .command('list', { isDefault: true })
    .description('List the keys, which are not kept themselves; what keys does by itself')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        refuseUnknown(group, command.args)
        await using app = await run.openApp()
        const keys = await app.ledger.listKeys()
        run.print({ keys: keys.map(toJson) }, () => toText(keys))
      })
    })
  group
    .command('revoke')
    .argument('<id>', 'number of the key')
    .description('Make a key open nothing any more')
    .action(async (id: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        if (!/^\d{1,9}$/.test(id)) throw new AquiferError('KEY_UNKNOWN', `There is no key ${id}.`)
        await using app = await run.openApp()
        const key = await app.ledger.revokeKey({ id: Number(id) })
        run.print(toJson(key), () => `Revoked ${key.name}.`)
      })
    })
}

function toJson({ createdAt, revokedAt, ...key }: ApiKey): object {
  return {
    ...key,
    created_at: isoTime(createdAt),
    revoked_at: revokedAt === undefined ? null : isoTime(revokedAt),
  }
}

function toText(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'No keys yet.'
  return table(
    ['id', 'name', 'groups', 'made', ''],
    keys.map(({ id, name, groups, admin, createdAt, revokedAt }) => [
      String(id),
      name,
      admin ? '(administrator)' : groups.join(', '),
      createdAt.slice(0, 10),
      revokedAt === undefined ? '' : 'revoked',
    ]),
  )
}
