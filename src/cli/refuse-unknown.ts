import type { Command } from 'commander'
import { AquiferError } from '../core/errors.ts'
import { hint } from '../core/nearest.ts'

/** For the command that a group runs by default: whoever names one that the group does not have is told of the others. */
export function refuseUnknown(group: Command, words: readonly string[]): void {
  const [word] = words
  if (word === undefined) return
  const known = group.commands.map((command) => command.name())
  throw new AquiferError('ARGUMENT_INVALID', `There is no command ${group.name()} ${word}${hint(word, known)}`)
}
