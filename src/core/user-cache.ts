import type { Env } from './env.ts'

/** The folder of this user for what can be made again: `~/.cache/aquifer` unless XDG_CACHE_HOME names another. */
export function userCache(env: Env, home: string): string {
  const named = env['XDG_CACHE_HOME'] ?? ''
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  return `${named.startsWith('/') ? named : `${home}/.cache`}/aquifer`
}
