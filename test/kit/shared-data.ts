import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the large public sets that some tests use where they are at hand. */
export const sharedData = join(
  process.env['AQUIFER_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url)),
  'data',
)
