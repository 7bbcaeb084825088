import { createReadStream, existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { AquiferError } from '../../core/errors.ts'

export interface Dataset {
  readonly name: string
  readonly dir: string
  /** Path of the documents; undefined for golden questions over what this deployment holds. */
  readonly corpus: string | undefined
  readonly questions: readonly { readonly id: string; readonly text: string }[]
  /** Question id → document id → relevance; above 0 is relevant. */
  readonly relevant: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export interface CorpusDocument {
  readonly id: string
  readonly title: string
  readonly text: string
}

const Id = z.union([z.string(), z.number()]).transform(String)
const CorpusLine = z.object({ id: Id.optional(), _id: Id.optional(), title: z.string().nullish(), text: z.string() })
const QuestionLine = z.object({ id: Id.optional(), _id: Id.optional(), text: z.string() })

/** Reads a folder in the manner of BEIR: corpus.jsonl, queries.jsonl (each maybe .gz) and qrels.tsv. */
export async function readDataset(folder: string): Promise<Dataset> {
  const dir = resolve(folder)
  const questions: { id: string; text: string }[] = []
  for await (const { line, place } of lines(required(dir, 'queries.jsonl'))) {
    const { id, _id, text } = parseLine(QuestionLine, line, place)
    questions.push({ id: id ?? _id ?? String(questions.length), text })
  }
  const relevant = await readJudgements(firstOf(dir, ['qrels.tsv', 'qrels/test.tsv']) ?? required(dir, 'qrels.tsv'))
  const judged = questions.filter(({ id }) => relevant.has(id))
  if (judged.length === 0)
    throw new AquiferError('DATASET_INVALID', `No question of ${dir} has a judgement in qrels.tsv.`)
  return { name: basename(dir), dir, corpus: firstOf(dir, variants('corpus.jsonl')), questions: judged, relevant }
}

export async function* readCorpus(path: string): AsyncGenerator<CorpusDocument> {
  for await (const { line, place } of lines(path)) {
    const { id, _id, title, text } = parseLine(CorpusLine, line, place)
    const name = id ?? _id
    if (name === undefined) throw new AquiferError('DATASET_INVALID', `${place} has no id.`)
    yield { id: name, title: title ?? '', text }
  }
}

async function readJudgements(path: string): Promise<Map<string, Map<string, number>>> {
  const relevant = new Map<string, Map<string, number>>()
  for await (const { line } of lines(path)) {
    const cells = line.split('\t')
    // TREC's four columns have an iteration in the second.
    const [question, document, score] = cells.length >= 4 ? [cells[0], cells[2], cells[3]] : cells
    const relevance = Number(score)
    // The header line has no number.
    if (question === undefined || document === undefined || !(relevance > 0)) continue
    const documents = relevant.get(question) ?? new Map<string, number>()
    relevant.set(question, documents.set(document, relevance))
  }
  return relevant
}

async function* lines(path: string): AsyncGenerator<{ line: string; place: string }> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  let number = 0
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() !== '') yield { line, place: `${path}:${String(number)}` }
  }
}

function parseLine<T>(schema: z.ZodType<T>, line: string, place: string): T {
  try {
    return schema.parse(JSON.parse(line))
  } catch (cause) {
    throw new AquiferError('DATASET_INVALID', `${place} is not a line of this kind.`, { cause })
  }
}

function variants(name: string): string[] {
  return [name, `${name}.gz`]
}

function firstOf(dir: string, names: readonly string[]): string | undefined {
  return names.map((name) => join(dir, name)).find((path) => existsSync(path))
}

function required(dir: string, name: string): string {
  const path = firstOf(dir, variants(name))
  if (path === undefined) throw new AquiferError('DATASET_INVALID', `${dir} has no ${name}.`)
  return path
}
