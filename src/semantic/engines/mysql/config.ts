import { z } from 'zod'
import { Path, SecretUrl } from '../../../../schemas/config.ts'

/** How to reach a MySQL or MariaDB; `open` gets the URL as plain text. */
export const MysqlConnection = z.strictObject({
  url: SecretUrl.describe(
    'mysql://USER:PASSWORD@HOST:3306/DATABASE; { env: NAME } or { file: PATH } when it holds a password',
  ),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({ ca: Path.describe('PEM file of the authority that signed the certificate') }),
    ])
    .default(false)
    .describe('Whether to encrypt; the certificate is always checked'),
})
export type MysqlConnection = z.infer<typeof MysqlConnection>
