import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { addApply } from './commands/apply.ts'
import { addBackup } from './commands/backup.ts'
import { addCheck } from './commands/check.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEval } from './commands/eval.ts'
import { addFetch } from './commands/fetch.ts'
import { addGenerations } from './commands/generations.ts'
import { addInit } from './commands/init.ts'
import { addKeys } from './commands/keys.ts'
import { addMetrics } from './commands/metrics.ts'
import { addPlan } from './commands/plan.ts'
import { addRollback } from './commands/rollback.ts'
import { addSearch } from './commands/search.ts'
import { addServe } from './commands/serve.ts'
import { addStatus } from './commands/status.ts'
import { addSync } from './commands/sync.ts'
import { addVerify } from './commands/verify.ts'

const groups = [
  addInit,
  addCheck,
  addSync,
  addPlan,
  addApply,
  addRollback,
  addGenerations,
  addStatus,
  addVerify,
  addSearch,
  addFetch,
  addMetrics,
  addEval,
  addServe,
  addDeadLetters,
  addKeys,
  addBackup,
  addDoctor,
]

/** The command line. Parsing throws CommanderError, also once help or version is printed; its complaints are silent. */
export function createProgram(): Command {
  const program = new Command('aquifer')
    .description('A knowledge service for agents: indexes databases and documents, and answers over MCP.')
    .version(packageJson.version)
    .option('--dir <dir>', 'folder of aquifer.yaml (default: here, or AQUIFER_DIR)')
    .option('--json', 'one JSON document on stdout and nothing else')
    .option('--verbose', 'log what happens to stderr')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  for (const add of groups) add(program)
  return program
}
