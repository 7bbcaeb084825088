import { z } from 'zod'
import { SecretUrl } from '../../../../schemas/config.ts'

/** How to reach a ClickHouse over HTTP; `open` gets the URL as plain text. */
export const ClickhouseConnection = z.strictObject({
  url: SecretUrl.describe('https://USER:PASSWORD@HOST:8443; { env: NAME } or { file: PATH } when it holds a password'),
  database: z.string().min(1).optional().describe("Of tables that are named without one; the user's own when absent"),
})
export type ClickhouseConnection = z.infer<typeof ClickhouseConnection>
