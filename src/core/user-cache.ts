import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The folder of this user for what can be made again, `~/.cache/aquifer` by default. */
export function userCache(): string {
  const named = process.env['XDG_CACHE_HOME'] ?? ''
  return join(isAbsolute(named) ? named : join(homedir(), '.cache'), 'aquifer')
}
