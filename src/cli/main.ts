import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { AquiferError } from '../core/errors.ts'
import { addBackup } from './commands/backup.ts'
import { addCheck } from './commands/check.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEval } from './commands/eval.ts'
import { addFetch } from './commands/fetch.ts'
import { addInit } from './commands/init.ts'
import { addKeys } from './commands/keys.ts'
import { addSearch } from './commands/search.ts'
import { addServe } from './commands/serve.ts'
import { addStatus } from './commands/status.ts'
import { addSync } from './commands/sync.ts'
import { guardProcess } from './guard-process.ts'
import { reportError } from './run.ts'
import { silentLog } from '../core/log.ts'

guardProcess()

const program = new Command('aquifer')
  .description('A knowledge service for agents: indexes databases and documents, and answers over MCP.')
  .version(packageJson.version)
  .option('--dir <dir>', 'folder of aquifer.yaml (default: here, or AQUIFER_DIR)')
  .option('--json', 'one JSON document on stdout and nothing else')
  .option('--verbose', 'log what happens to stderr')
  .configureHelp({ showGlobalOptions: true })
  // Its complaints are worded below, like every other error.
  .configureOutput({ outputError: () => {} })
  .exitOverride()

for (const add of [
  addInit,
  addCheck,
  addSync,
  addStatus,
  addSearch,
  addFetch,
  addEval,
  addServe,
  addDeadLetters,
  addKeys,
  addBackup,
  addDoctor,
]) {
  add(program)
}

try {
  await program.parseAsync()
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
