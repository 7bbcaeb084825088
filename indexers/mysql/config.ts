import { z } from 'zod'
import { partsOf } from '../../src/core/record-parts.ts'
import { Duration, Path, SecretUrl } from '../../schemas/config.ts'

/** How to reach the database; `open` gets the URL as plain text. */
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
  statementTimeout: Duration.prefault('5m').describe('The longest that one statement may run on the source'),
})
export type MysqlConnection = z.infer<typeof MysqlConnection>

const Name = z.string().min(1)

export const MysqlSource = z.strictObject({
  table: Name.describe('Table, such as shop.film, or film in the database of the URL'),
  with: partsOf().optional(),
  key: z
    .union([Name, z.array(Name).min(1)])
    .optional()
    .describe('Column, or columns, that tell the rows apart; absent: the primary key'),
})
export type MysqlSource = z.infer<typeof MysqlSource>
