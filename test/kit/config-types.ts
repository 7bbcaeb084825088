import { z } from 'zod'

import { Path, SecretUrl } from '../../schemas/config.ts'
import type { IndexerTypes, Types } from '../../src/config/load-type.ts'
import type { IndexerType } from '../../src/core/indexer.ts'

const open: IndexerType['open'] = () => Promise.reject(new Error('these types are never opened'))

const files: IndexerType = {
  type: 'files',
  source: z.strictObject({ path: Path, include: z.array(z.string()).default(['**/*.md']) }),
  deletes: 'by comparison',
  open,
}

const Connection = z.strictObject({ url: SecretUrl })

const postgres: IndexerType<z.infer<typeof Connection>> = {
  type: 'postgres',
  schemes: ['postgres', 'postgresql'],
  connection: Connection,
  source: z.union([z.strictObject({ table: z.string() }), z.strictObject({ query: z.string(), key: z.string() })]),
  deletes: 'by comparison',
  open,
  draft: ({ url }) =>
    Promise.resolve([
      {
        name: 'films',
        comment: `Read from ${typeof url === 'string' ? new URL(url).host : 'nowhere'}.`,
        yaml: 'table: film\n',
      },
      { name: 'actors', yaml: 'table: actor\nfields: [name] # check this\n' },
    ]),
}

/** Two types of source for tests of the configuration: one without connection, one with alternatives. */
export const configTypes: IndexerTypes = {
  files: () => Promise.resolve({ default: files }),
  postgres: () => Promise.resolve({ default: postgres }),
}

const DuckDb = z.union([z.strictObject({ path: Path }), z.strictObject({ s3: z.strictObject({ bucket: z.string() }) })])

/** A type of connection that metrics are computed in and no source is read from. */
export const configEngines: Types['engines'] = {
  duckdb: () => Promise.resolve({ default: { type: 'duckdb', connection: DuckDb } }),
}
