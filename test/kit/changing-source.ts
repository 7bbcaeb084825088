import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { Row, type Content } from '../../schemas/record.ts'
import { openSourceDatabase, type SourceDatabase } from './postgres-source.ts'
import { createRandom, type Random } from './random.ts'
import { loadSakila, readSakila } from './sakila.ts'
import { sharedData } from './shared-data.ts'

/** Every generated text holds it, so that one question finds all of them. */
export const commonWord = 'lighthouse'

interface Table {
  readonly name: string
  /** The row with its key, title and text as the ledger ought to have them. */
  readonly select: string
  /** Sets a text in one row; `$1` is the text, `$2` the key. */
  readonly update: string
  readonly remove: string
  readonly insert: string
  readonly yaml: string
}

/** Several columns make a key as JSON. */
const itemKey = `'[' || to_json(shop)::text || ',' || to_json(code)::text || ']'`

const own: readonly Table[] = [
  {
    name: 'entries',
    select: `select id as key, title, body as text, to_jsonb(t) as row from entry t`,
    update: `update entry set body = $1 where id = $2`,
    remove: `delete from entry where id = $1`,
    insert: `insert into entry (id, title, body) values ('e' || $2, 'Entry ' || $2, $1)`,
    yaml: `{ connection: db, table: public.entry, mode: stream, title: '{title}', text: '{body}', every: 1s, compare: 2s, acl: { public: true } }`,
  },
  {
    name: 'items',
    select: `select ${itemKey} as key, title, body as text, to_jsonb(t) as row from item t`,
    update: `update item set body = $1, changed = now() where ${itemKey} = $2`,
    remove: `delete from item where ${itemKey} = $1`,
    insert: `insert into item (shop, code, title, body) values ('north', 'c' || $2, 'Item ' || $2, $1)`,
    yaml: `{ connection: db, table: item, cursor: changed, title: '{title}', text: '{body}', every: 1s, compare: 2s, acl: { public: true } }`,
  },
]

const ownSchema = `
  create table entry (id text primary key, title text not null, body text not null);
  create table item (shop text, code text, title text not null, body text not null,
    changed timestamptz not null default now(), primary key (shop, code));`

/** Tables of the Sakila database. */
const sakila: readonly Table[] = [
  {
    name: 'films',
    select: `select film_id::text as key, title, description as text, to_jsonb(t) as row from film t`,
    update: `update film set description = $1 where film_id = $2::int`,
    remove: `delete from film where film_id = $1::int`,
    insert: `insert into film (title, description, language_id) values ('FILM ' || $2, $1, 1)`,
    yaml: `{ connection: db, table: public.film, title: '{title}', text: '{description}', fields: [rating], every: 1s, compare: 2s }`,
  },
  {
    name: 'customers',
    select: `select customer_id::text as key, first_name || ' ' || last_name as title, email as text, to_jsonb(t) as row
      from customer t`,
    update: `update customer set email = $1 where customer_id = $2::int`,
    remove: `delete from customer where customer_id = $1::int`,
    insert: `insert into customer (store_id, first_name, last_name, email, address_id) values (1, 'NEW', $2, $1, 1)`,
    yaml: `{ connection: db, table: customer, title: '{first_name} {last_name}', text: '{email}', every: 1s, compare: 2s }`,
  },
]

/** Rows may refer to each other; what the test deletes, nobody misses. */
const withoutReferences = `do $$ declare r record; begin
  for r in select conrelid::regclass::text as t, conname as c from pg_constraint where contype = 'f' loop
    execute format('alter table %s drop constraint if exists %I', r.t, r.c);
  end loop; end $$;
  alter table customer alter column email type text`

export interface SourceItem {
  readonly title: string | undefined
  /** The text a row has to show; a document is parsed first. */
  readonly text: string | undefined
  readonly content: Content
}

/** A database and a folder that change while they are indexed, and the truth about them. */
export interface ChangingSource extends AsyncDisposable {
  /** `connections` and `sources` of aquifer.yaml. */
  readonly yaml: string
  /** One statement, or several, on the database. */
  run(sql: string): Promise<void>
  /** Writes, changes, moves and deletes some rows and files; the answer is how many. */
  change(): Promise<number>
  /** What there is now, by source and key. */
  read(): Promise<ReadonlyMap<string, ReadonlyMap<string, SourceItem>>>
}

interface Sizes {
  /** Of the documents. */
  readonly folder: string
  readonly seed: number
  readonly rows: number
  readonly files: number
  /** Of the PEPs, where they are at hand. */
  readonly peps: number
  /** Whether to take tables of the Sakila database too, where it is at hand. */
  readonly sakila: boolean
}

export async function openChangingSource({ folder, ...sizes }: Sizes): Promise<ChangingSource> {
  const random = createRandom(sizes.seed)
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openSourceDatabase(ownSchema))
  const texts = textMaker(random)
  await fill(database, sizes.rows, texts)
  const dumps = sizes.sakila ? await readSakila() : undefined
  if (dumps !== undefined) {
    await loadSakila(database.url, dumps)
    await database.run(withoutReferences)
  }
  const tables = dumps === undefined ? own : [...own, ...sakila]
  await mkdir(folder, { recursive: true })
  for (let at = 0; at < sizes.files; at++) await writePage(join(folder, `page-${String(at)}.md`), texts())
  await unpackPeps(folder, sizes.peps)
  const stack = opened.move()
  let round = 0
  return {
    yaml: `connections: { db: { type: postgres, url: '${database.url}' } }
sources:
${tables.map(({ name, yaml }) => `  ${name}: ${yaml}`).join('\n')}
  pages: { type: files, path: '${folder}', every: 1s, compare: 2s, acl: { public: true } }
`,
    run: async (sql) => void (await database.run(sql)),
    change: async () => {
      round++
      let count = 0
      for (const table of tables) count += await changeTable(database, table, { random, texts, round })
      return count + (await changeFolder(folder, { random, texts, round }))
    },
    read: async () => {
      const found = new Map<string, ReadonlyMap<string, SourceItem>>()
      for (const table of tables) found.set(table.name, await readTable(database, table))
      found.set('pages', await readFolder(folder))
      return found
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface Change {
  readonly random: Random
  readonly texts: () => string
  readonly round: number
}

/** Texts that differ from each other in a word of their own, as long as a short paragraph. */
function textMaker(random: Random): () => string {
  let made = 0
  const words = 'harbour winter copper garden letter engine velvet orchard signal thunder meadow lantern'.split(' ')
  return () => {
    const some = Array.from({ length: random.int(4, 30) }, () => words[random.int(0, words.length - 1)] ?? '')
    return `${commonWord} word${String(++made)}x ${some.join(' ')}`
  }
}

async function fill(database: SourceDatabase, rows: number, texts: () => string): Promise<void> {
  const numbers = Array.from({ length: rows }, (_, at) => at)
  const bodies = numbers.map(() => texts())
  const each = `from unnest($1::int[], $2::text[]) as x(n, body)`
  await database.run(`insert into entry select 'e' || n, 'Entry ' || n, body ${each}`, [numbers, bodies])
  const more = numbers.map(() => texts())
  await database.run(
    `insert into item (shop, code, title, body)
     select (array['north', 'süd', 'a "b"'])[n % 3 + 1], 'c' || n, 'Item ' || n, body ${each}`,
    [numbers, more],
  )
}

async function changeTable(database: SourceDatabase, table: Table, { random, texts, round }: Change): Promise<number> {
  const rows = await database.run(`select key from (${table.select}) q order by key`)
  const chosen = random.some(
    rows.map(({ key }) => String(key)),
    24,
  )
  for (const key of chosen.slice(0, 14)) await database.run(table.update, [texts(), key])
  for (const key of chosen.slice(14)) await database.run(table.remove, [key])
  for (let n = 0; n < 8; n++) await database.run(table.insert, [texts(), `${String(round)}n${String(n)}`])
  return chosen.length + 8
}

async function changeFolder(folder: string, { random, texts, round }: Change): Promise<number> {
  const files = random.some(await filesOf(folder), 16)
  for (const file of files.slice(0, 8)) await writePage(file, texts())
  for (const file of files.slice(8, 12)) await rm(file)
  await mkdir(join(folder, 'moved', String(round)), { recursive: true })
  for (const [at, file] of files.slice(12).entries()) {
    await rename(file, join(folder, 'moved', String(round), `${String(at)}.md`))
  }
  for (let n = 0; n < 4; n++) await writePage(join(folder, `new-${String(round)}-${String(n)}.md`), texts())
  return files.length + 4
}

async function readTable(database: SourceDatabase, { select }: Table): Promise<Map<string, SourceItem>> {
  const rows = await database.run(select)
  return new Map(
    rows.map(({ key, title, text, row }) => {
      const content: Content = { kind: 'row', row: Row.parse(row) }
      return [String(key), { title: String(title), text: String(text), content }]
    }),
  )
}

async function readFolder(folder: string): Promise<Map<string, SourceItem>> {
  const found = new Map<string, SourceItem>()
  for (const file of await filesOf(folder)) {
    const path = relative(folder, file)
    const mediaType = path.endsWith('.rst') ? 'text/x-rst' : 'text/markdown'
    const text = await readFile(file, 'utf8')
    const content: Content = { kind: 'document', document: { path, mediaType, text } }
    found.set(path, { title: undefined, text: undefined, content })
  }
  return found
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** Written beside its place and renamed, as editors do: no reader sees half of it. */
async function writePage(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`
  await writeFile(partial, `# About ${text.split(' ')[1] ?? ''}\n\n${text}.\n\n## More\n\n${text} and so on.\n`)
  await rename(partial, path)
}

/** Does nothing where they are not at hand. */
async function unpackPeps(folder: string, count: number): Promise<void> {
  if (count === 0) return
  const archive = join(sharedData, 'docs-peps', 'peps.tar.gz')
  const names = Array.from({ length: count }, (_, at) => `peps/pep-${String(at + 200).padStart(4, '0')}.rst`)
  const listed = await promisify(execFile)('tar', ['-tzf', archive]).catch(() => undefined)
  if (listed === undefined) return
  const there = new Set(listed.stdout.split('\n'))
  const wanted = names.filter((name) => there.has(name))
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, ...wanted])
}
