import { open } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { AquiferError } from '../core/errors.ts'
import { follow, importInvalid, listImport, unreadable } from './list-import.ts'
import { parseJson } from './parse-json.ts'
import { parseYamlDocuments } from './parse-yaml.ts'
import type { ConfigDocument } from './problem.ts'

export interface ImportRead {
  readonly documents: readonly ConfigDocument[]
  /** Whether a file named the schema by its placeholder. */
  readonly filled: boolean
  readonly notes: readonly string[]
}

const maxYaml = 4_000_000
const maxJson = 64_000_000
const maxTotal = 64_000_000
const maxDepth = 100
const maxLines = 20

/** MetricFlow's way to leave the schema open, in its two spellings. */
const placeholder = /\{\{\s*source_schema\s*\}\}|\$\{source_schema\}|\$source_schema\b/
/** What stands at the beginning of a line of any file about metrics. */
const concerned =
  /^[\s-]*["']?(?:semantic_models?|metrics?|saved_quer(?:y|ies)|project_configuration|time_spine)["']?\s*:/m
/** What git leaves of a symbolic link where there are none. */
const link = /^\s*((?:\.{1,2}\/)*[\w-][\w./-]*\.ya?ml)\s*$/

/** Reads what is imported: a JSON or YAML file, or all YAML files of a folder. METRICS_IMPORT_INVALID. */
export async function readImport(
  path: string,
  { cwd, schema }: { cwd: string; schema: string | undefined },
): Promise<ImportRead> {
  const show = (file: string): string => (relative(cwd, file).startsWith('..') ? file : relative(cwd, file))
  const { files, within, passed, isFolder } = await listImport(path, show(path))
  const documents: ConfigDocument[] = []
  const seen = new Set<string>()
  let total = 0
  let filled = false
  for (const file of files) {
    const { real, text } = await readLinked(file, within, show)
    if (seen.has(real)) continue
    seen.add(real)
    total += text.length
    if (total > maxTotal) throw importInvalid(`${show(path)} holds more than ${String(maxTotal / 1e6)} MB of YAML`)
    if (isFolder && !concerned.test(text)) continue
    filled ||= placeholder.test(text)
    documents.push(...parse(fill(text, show(real), schema), show(real)))
  }
  const notes = passed.map((folder) => `${show(folder)} is not read; import a package by itself`)
  return { documents, filled, notes }
}

interface Linked {
  readonly real: string
  readonly text: string
}

async function readLinked(file: string, within: string, show: (file: string) => string, links = 0): Promise<Linked> {
  const real = await follow(file, within, show(file))
  const text = await read(real, show(real))
  const target = link.exec(text)?.[1]
  if (target === undefined || text.length > 1000) return { real, text }
  if (links > 4) throw importInvalid(`${show(file)} leads to other files without end`)
  return readLinked(resolve(dirname(real), target), within, show, links + 1)
}

async function read(file: string, shown: string): Promise<string> {
  const most = file.endsWith('.json') ? maxJson : maxYaml
  const handle = await open(file).catch(unreadable(shown))
  try {
    const { size } = await handle.stat()
    if (size > most) {
      const cause = file.endsWith('.json') ? '' : '; of a project so large, import its semantic_manifest.json'
      throw importInvalid(`${shown} is larger than ${String(most / 1e6)} MB${cause}`)
    }
    const bytes = await handle.readFile().catch(unreadable(shown))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    if (cause instanceof AquiferError) throw cause
    throw importInvalid(`${shown} is not UTF-8 text`, { cause })
  } finally {
    await handle.close()
  }
}

function fill(text: string, shown: string, schema: string | undefined): string {
  if (schema !== undefined) return text.replaceAll(new RegExp(placeholder, 'g'), () => schema)
  const at = text.search(placeholder)
  if (at === -1) return text
  const line = text.slice(0, at).split('\n').length
  throw importInvalid(`${shown}:${String(line)} names the schema of its tables by a placeholder, source_schema`, {
    fix: 'Say which schema the tables are in with --schema NAME.',
  })
}

function parse(text: string, shown: string): readonly ConfigDocument[] {
  try {
    const documents = shown.endsWith('.json') ? [parseJson(text, shown)] : parseYamlDocuments(text, shown)
    for (const { value } of documents) checkDepth(value)
    return documents
  } catch (cause) {
    if (cause instanceof RangeError) throw importInvalid(`${shown} is nested deeper than ${String(maxDepth)} levels`)
    if (cause instanceof AquiferError) throw importInvalid(firstLines(cause.message), { cause })
    throw cause
  }
}

/** One fault can make a file faulty from there to its end. */
function firstLines(message: string): string {
  const lines = message.split('\n')
  return lines.length > maxLines + 1 ? [...lines.slice(0, maxLines), '  …'].join('\n') : message
}

/** Throws RangeError; whoever reads the value may go down it by recursion. */
function checkDepth(value: unknown): void {
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw new RangeError('nested too deep')
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
}
