import { z } from 'zod'

const Name = z.string().min(1)
const Columns = z.array(Name).min(1)
const Via = z.union([Name, Columns])

const deepest = 4

/** Another table of the same database whose rows belong into a record. */
export interface Part {
  readonly table: string
  readonly via?: string | readonly string[] | undefined
  readonly as?: 'object' | 'array' | undefined
  readonly through?:
    | string
    | {
        readonly table: string
        readonly via?: string | readonly string[] | undefined
        readonly to?: string | readonly string[] | undefined
      }
    | undefined
  readonly order?: string | readonly string[] | undefined
  readonly columns?: readonly string[] | undefined
  readonly with?: Parts | undefined
}
export type Parts = Readonly<Record<string, Part>>

/** Spelled out to its depth, so that an editor completes all of it. */
export function partsOf(depth = deepest): z.ZodType<Parts> {
  const inner: z.ZodType<Parts> = depth > 1 ? partsOf(depth - 1) : z.never('at most 4 levels of `with`')
  const part = z
    .strictObject({
      table: Name.describe('Table whose rows belong into the record'),
      via: Via.optional().describe(
        "Column, or columns, by which one table refers to the other: this record's (as: object) or that table's (as: array)",
      ),
      as: z
        .enum(['object', 'array'])
        .optional()
        .describe('object: the one row that the record refers to; array: the rows that refer to the record'),
      through: z
        .union([
          Name,
          z.strictObject({
            table: Name,
            via: Via.optional().describe('Its column, or columns, that refer to the record'),
            to: Via.optional().describe('Its column, or columns, that refer to the table'),
          }),
        ])
        .optional()
        .describe('Join table that refers to both'),
      order: z
        .union([Name, Columns])
        .optional()
        .describe("Columns of the table that order an array, such as 'created_at desc'; default: its primary key"),
      columns: Columns.optional().describe('What is read of the table; default: every column'),
      with: inner.optional(),
    })
    .refine(({ through, via, as }) => through === undefined || (via === undefined && as === undefined), {
      error: 'via and as do not go with through: write through: { table, via, to }',
    })
  return z
    .record(z.string().regex(/^[A-Za-z_]\w{0,62}$/, 'a name of letters, digits and _'), part)
    .describe('Rows of other tables that belong into the record, each under a name of its own')
}
