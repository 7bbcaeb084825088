import { z } from 'zod'

const Glob = z
  .string()
  .min(1)
  .refine(
    (glob) => !glob.startsWith('/') && !glob.split('/').includes('..'),
    'must be a pattern relative to path, for what is below it',
  )

/** A folder or a single file. */
export const FilesSource = z.strictObject({
  path: z.string().min(1).meta({ format: 'path' }).describe('Folder or single file'),
  include: z
    .array(Glob)
    .min(1)
    .optional()
    .describe("Patterns such as '**/*.md', relative to path; absent: every supported type"),
  exclude: z.array(Glob).default([]).describe("Patterns such as 'drafts/**' of what is left out"),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .default(10 * 1024 * 1024)
    .describe('Larger files are set aside unread'),
})
export type FilesSource = z.infer<typeof FilesSource>
