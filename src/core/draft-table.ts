import { z } from 'zod'

/** A column, in words of Postgres, which others translate theirs to. */
const DraftColumn = z.object({
  name: z.string(),
  /** pg_type.typcategory of what it holds or is based on: S text, N number, B boolean, D date or time, E enum, A array … */
  category: z.string(),
  /** pg_type.typname, likewise. */
  type: z.string(),
  /** Of an array's items. */
  itemCategory: z.string().nullable(),
  maxLength: z.number().nullable(),
  notNull: z.boolean(),
  comment: z.string().nullable(),
  /** Average length and number of different values (negative: as a part of the rows), where the database has counted them. */
  width: z.number().nullable(),
  distinct: z.number().nullable(),
})
export type DraftColumn = z.infer<typeof DraftColumn>

/** A table as `init --from` finds it. */
export const DraftTable = z.object({
  schema: z.string(),
  name: z.string(),
  comment: z.string().nullable(),
  /** The database's own estimate; negative when it has none. */
  rows: z.number(),
  key: z.array(z.string()),
  columns: z.array(DraftColumn),
  references: z.array(z.object({ columns: z.array(z.string()), table: z.string() })),
  /** Columns that an index begins with. */
  indexed: z.array(z.string()),
})
export type DraftTable = z.infer<typeof DraftTable>
