import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { userCache } from '../core/user-cache.ts'

// The program and its threads, which read the variable, are there sooner from the second start on. A cache that cannot be
// written is done without.
process.env['NODE_COMPILE_CACHE'] ??= join(userCache(process.env, homedir()), 'code')
enableCompileCache()
await import('./start.ts')
