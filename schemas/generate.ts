/** `npm run schemas` writes the JSON Schemas of `json/` anew; a test holds them to the zod schemas. */
import { mkdir, writeFile } from 'node:fs/promises'

import { publishedSchemas } from '../src/config/published-schemas.ts'

const folder = new URL('json/', import.meta.url)
await mkdir(folder, { recursive: true })
for (const [name, schema] of Object.entries(await publishedSchemas())) {
  await writeFile(new URL(name, folder), `${JSON.stringify(schema, null, 2)}\n`)
}
