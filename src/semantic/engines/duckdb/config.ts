import { z } from 'zod'

import { Path, Secret, Size } from '../../../../schemas/config.ts'

const Text = z.string().min(1)

const Bucket = z
  .strictObject({
    bucket: Text,
    prefix: z.string().default('').describe('Folder of the bucket that the files are in, such as exports/shop'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Of an S3-compatible store; absent: Amazon S3'),
    region: Text.default('us-east-1'),
    accessKeyId: Secret.optional().describe('Absent: what the AWS environment of the process provides'),
    secretAccessKey: Secret.optional(),
    sessionToken: Secret.optional(),
    cache: Size.prefault('2GB').describe('The most that copies of its files may take on this disk'),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    'accessKeyId and secretAccessKey go together',
  )
export type BucketOptions = z.infer<typeof Bucket>

// A map whose only key is `env` or `file` is a secret's reference, in any connection.
const isNoSecret = (tables: object): boolean => {
  const [name, ...others] = Object.keys(tables)
  return others.length > 0 || (name !== 'env' && name !== 'file')
}

const common = {
  tables: z
    .record(Text, Text)
    .refine(isNoSecret, 'a table alone cannot be named env or file')
    .default({})
    .describe('Tables by name: a file, a folder, or all files of a pattern such as orders/*.parquet, as one'),
  nulls: z
    .union([z.string(), z.array(z.string()).min(1)])
    .default(['', '\\N'])
    .describe('What stands for nothing in CSV files'),
  memory: Size.prefault('1GB').describe('The most that all running statements may take'),
  spill: Size.prefault('4GB').describe('The most that they may write to disk beyond that'),
  threads: z.int().min(1).max(256).optional().describe('How many cores they may use; all when absent'),
}

const Files = z.strictObject({
  path: Path.describe('A folder of Parquet, CSV and JSON files, one such file, or a database file of DuckDB'),
  ...common,
})

const S3 = z.strictObject({ s3: Bucket.describe('A bucket of Parquet, CSV and JSON files'), ...common })

/** Files as tables, in a folder or in a bucket. Sizes are parsed to bytes; `open` gets secrets as plain text. */
export const DuckDbConnection = z.union([Files, S3])
export type DuckDbConnection = z.infer<typeof DuckDbConnection>
