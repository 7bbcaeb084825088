import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { userCache } from '../core/user-cache.ts'

// The program is there sooner from the second start on. A cache that cannot be written is done without.
enableCompileCache(join(userCache(process.env, homedir()), 'code'))
await import('./start.ts')
