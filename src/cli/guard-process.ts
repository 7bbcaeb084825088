import { AquiferError, kindTable, toAquiferError } from '../core/errors.ts'
import { describeCause } from '../mcp/describe-cause.ts'
import { plainText } from './plain-text.ts'
import { toText } from './run.ts'

/** What no command can catch ends in a message like any other error, on stderr: stdout may hold its document already. */
export function guardProcess(): void {
  process.on('uncaughtException', (thrown) => {
    const error = toAquiferError(thrown)
    const details = process.argv.includes('--verbose') ? `${JSON.stringify(describeCause(thrown))}\n` : ''
    process.stderr.write(`${details}${plainText(toText(error))}\n`)
    process.exit(kindTable[error.kind].exit)
  })
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (cause: NodeJS.ErrnoException) => {
      // Whoever read it, such as `head`, has seen enough; the command itself goes on to its end.
      if (cause.code === 'EPIPE') return
      const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT'
      throw new AquiferError(full ? 'DISK_FULL' : 'INTERNAL', 'The output cannot be written.', { cause })
    })
  }
}
