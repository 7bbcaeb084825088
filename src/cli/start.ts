import { CommanderError } from 'commander'
import { AquiferError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { createProgram } from './create-program.ts'
import { guardProcess } from './guard-process.ts'
import { reportError } from './run.ts'

guardProcess()
try {
  await createProgram().parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version, once asked for, are no failure.
  if (error.exitCode !== 0) {
    const json = process.argv.includes('--json')
    process.exitCode = reportError(new AquiferError('ARGUMENT_INVALID', complaint(error)), { json, log: silentLog })
  }
}

function complaint({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'A command is missing.'
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!)]$/.test(text) ? '' : '.'}`
}
