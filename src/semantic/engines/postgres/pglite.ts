import { z } from 'zod'
import { Path } from '../../../../schemas/config.ts'
import type { EngineType } from '../../engine-type.ts'
import { openPglite } from './open-pglite.ts'

const PgliteConnection = z.strictObject({
  path: Path.describe('Data folder of an embedded Postgres (PGlite), which nothing else has open'),
})
export type PgliteConnection = z.infer<typeof PgliteConnection>

/** Postgres inside this process. */
const pglite = {
  type: 'pglite',
  connection: PgliteConnection,
  open: openPglite,
} satisfies EngineType<PgliteConnection>

export default pglite
