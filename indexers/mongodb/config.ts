import { z } from 'zod'
import { Duration, SecretUrl } from '../../schemas/config.ts'

/** How to reach the replica set; `open` gets the URL as plain text. */
export const MongodbConnection = z.strictObject({
  url: SecretUrl,
  operationTimeout: Duration.prefault('5m').describe('The longest that one read may run on the source'),
})
export type MongodbConnection = z.infer<typeof MongodbConnection>

const Name = z.string().min(1)

export const MongodbSource = z.strictObject({
  collection: Name.describe('Collection, such as articles'),
  database: Name.optional().describe('Database of the collection; the one that the URL names, when absent'),
})
export type MongodbSource = z.infer<typeof MongodbSource>
