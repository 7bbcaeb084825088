import { z } from 'zod'

const durationPattern = /^(\d+)(ms|s|m|h|d)$/
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A length of time such as `500ms`, `30s`, `5m`, `1h` or `7d`; parsed to milliseconds. */
export const Duration = z
  .string('a duration such as 30s, 5m, 1h or 7d')
  .regex(durationPattern, 'a duration such as 30s, 5m, 1h or 7d')
  .transform((text) => {
    const [, count = '0', unit = 'ms'] = durationPattern.exec(text) ?? []
    return Number(count) * (unitMs[unit] ?? 1)
  })

const sizePattern = /^(\d+)(KB|MB|GB|TB)$/
const unitBytes: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** A number of bytes such as `500MB` or `2GB`. */
export const Size = z
  .string('a size such as 500MB or 2GB')
  .regex(sizePattern, 'a size such as 500MB or 2GB')
  .transform((text) => {
    const [, count = '0', unit = 'MB'] = sizePattern.exec(text) ?? []
    return Number(count) * (unitBytes[unit] ?? 1)
  })

/** Where a secret is kept; never the secret itself. */
export const Secret = z
  .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })])
  .describe('A secret by reference: { env: NAME } or { file: PATH }')
export type Secret = z.infer<typeof Secret>

/** A file or folder, relative to the folder of the configuration; made absolute when the configuration is loaded. */
export const Path = z.string().min(1).meta({ format: 'path' })

// Loose on purpose: passwords with unescaped #, ? or @ count too, and libpq's password= in a query or keyword list.
const holdsPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/]*:[^/]*@|\bpassword\s*=/i

/** A URL, plain when it holds no password, else by reference. */
export const SecretUrl = z
  .union([
    z
      .string()
      .min(1)
      .refine((url) => !/^\$\{?\w+\}?$/.test(url), 'variables are not filled in here; write { env: NAME }')
      .refine(
        (url) => !holdsPassword.test(url),
        'a password does not belong in this file; put the URL into an environment variable and write { env: NAME }',
      ),
    Secret,
  ])
  .describe('A URL; { env: NAME } or { file: PATH } when it holds a password')
export type SecretUrl = z.infer<typeof SecretUrl>

const Group = z
  .string()
  .min(1)
  .refine((group) => group !== '*', 'a group cannot be named *; write { public: true } to let everybody read')

/** Who may read: everybody, or the named groups (a template such as `{allowed_groups}` reads them from the row). */
export const Acl = z.union([
  z.strictObject({ public: z.literal(true) }),
  z.strictObject({ groups: z.union([Group, z.array(Group)]) }),
])
export type Acl = z.infer<typeof Acl>

const languages = ['english', 'french', 'german', 'spanish', 'italian', 'portuguese', 'dutch'] as const
export const Language = z.enum(languages).describe('Which analyzer the text gets')
export type Language = z.infer<typeof Language>

const Interval = Duration.refine((ms) => ms >= 100, 'must be at least 100ms')

/** What every source may say, whatever its type; an indexer adds its own keys. */
export const sourceCommon = {
  title: z.string().optional().describe("Template of a record's title, such as '{title}'"),
  text: z.string().optional().describe("Template of a record's text"),
  url: z.string().optional().describe('Template of the address people open'),
  fields: z.array(z.string().min(1)).default([]).describe('Names that can be filtered on'),
  vector: z.string().optional().describe('Column that already holds the vector of the configured model'),
  acl: Acl.optional().describe('Who may read; absent means access.default'),
  language: Language.default('english'),
  owner: z.string().optional(),
  description: z.string().optional().describe('What an agent finds here; shown by describe_sources'),
  freshness: z
    .strictObject({ warn: Duration.optional(), error: Duration.optional() })
    .refine(({ warn, error }) => (warn ?? 0) <= (error ?? Infinity), 'warn must not be longer than error')
    .optional()
    .describe('From which lag on status says warn, and error'),
  every: Interval.prefault('10s').describe('How often sync --watch looks for changes'),
  compare: Interval.prefault('1m').describe('How often sync --watch compares keys to find deletes'),
}

const Embedding = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('local'), model: z.literal('all-MiniLM-L6-v2').default('all-MiniLM-L6-v2') }),
  z.strictObject({
    provider: z.literal('openai'),
    model: z.string().min(1),
    baseUrl: z
      .string()
      .min(1)
      .refine((url) => !holdsPassword.test(url), 'a password does not belong in this file; write it as apiKey')
      .optional()
      .describe('Any OpenAI-compatible endpoint, such as http://127.0.0.1:11434/v1'),
    apiKey: Secret.optional(),
    dimensions: z
      .int()
      .min(1)
      .max(4000)
      .optional()
      .describe("Length of the model's vectors; asked of the model when absent"),
    maxTokens: z.int().min(64).default(8191).describe('The longest text the model takes, in tokens'),
    pricePerMillionTokens: z.number().min(0).optional().describe('For the cost that status shows'),
    concurrency: z.int().min(1).max(64).default(4),
  }),
])
export type Embedding = z.infer<typeof Embedding>

const Chunking = z.strictObject({
  maxTokens: z
    .int()
    .min(32)
    .max(2000)
    .default(250)
    .describe('Longest chunk, in tokens of the local word-piece vocabulary'),
})

const Access = z.strictObject({
  default: Acl.optional().describe('Who may read a source that names nobody; absent: administrators only'),
  local: z
    .union([z.strictObject({ admin: z.literal(true) }), z.strictObject({ groups: z.array(Group) })])
    .default({ admin: true })
    .describe('Whom the command line and stdio act as'),
})

const Lexical = z.union([
  z.literal('none'),
  z.strictObject({
    elasticsearch: z.strictObject({
      url: SecretUrl,
      apiKey: Secret.optional(),
      username: z.string().optional(),
      password: Secret.optional(),
      prefix: z
        .string()
        .regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and -')
        .default('aquifer'),
    }),
  }),
])
export type Lexical = z.infer<typeof Lexical>

/** Everything in `aquifer.yaml` but the connections and sources, whose keys depend on their types. */
export const configCommon = {
  version: z.literal(1, 'this Aquifer reads version 1').describe('Version of this file format'),
  ledger: z
    .strictObject({
      postgres: SecretUrl,
      schema: z
        .string()
        .regex(/^[a-z_][a-z0-9_]*$/, 'lower-case letters, digits and _')
        .max(63)
        .default('aquifer'),
    })
    .optional()
    .describe('Postgres with pgvector; leave out for the embedded store in .aquifer/'),
  lexical: Lexical.optional().describe('Elasticsearch, or none; leave out for BM25 in the ledger'),
  embedding: Embedding.default({ provider: 'local', model: 'all-MiniLM-L6-v2' }),
  chunking: Chunking.default({ maxTokens: 250 }),
  access: Access.default({ local: { admin: true } }),
  verify: z
    .union([
      z.literal('off'),
      z.strictObject({ every: Duration.refine((ms) => ms >= 1000, 'must be at least 1s').prefault('24h') }),
    ])
    .prefault({ every: '24h' })
    .describe('How often sync --watch compares all stores with their sources and mends what differs; or off'),
  sync: z
    .strictObject({ connections: z.int().min(1).max(100).default(16) })
    .prefault({})
    .describe(
      'How many connections one process of sync --watch follows at once; with the ledger in Postgres more of them take turns, or go to other processes',
    ),
  metrics: Path.optional().describe('Folder of semantic models'),
}
