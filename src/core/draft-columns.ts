import type { DraftColumn, DraftTable } from './draft-table.ts'
import { personalKind } from './personal-data.ts'

/** What the draft of a source uses a table's columns for. */
export interface DraftChoice {
  /** Template; absent where no column can stand for the row. */
  readonly title: string | undefined
  readonly text: readonly string[]
  readonly fields: readonly string[]
  readonly cursor: { readonly name: string; readonly indexed: boolean } | undefined
  /** Left out because of what they probably hold. */
  readonly personal: readonly string[]
}

const mostFields = 8
const mostDistinct = 50
const longWidth = 24
const titleNames = ['title', 'name', 'label', 'subject', 'headline', 'heading', 'display_name', 'displayname']
const textNames =
  /description|body|content|text|summary|abstract|notes?|comments?|message|details|bio|review|question|answer/i
const cursorNames =
  /^(last_?)?(update|updated|updated_?(at|on)|modified|modified_?(at|on)|changed|changed_?(at|on)|mtime|update_?time)$/i
const times = new Set(['timestamp', 'timestamptz'])

export function chooseColumns(table: DraftTable): DraftChoice {
  const linked = new Set([...table.key, ...table.references.flatMap(({ columns }) => columns)])
  const personal = personalColumns(table, linked)
  // Only names that a template can hold.
  const own = table.columns.filter(({ name }) => !linked.has(name) && !personal.includes(name) && /^\w+$/.test(name))
  const title = chooseTitle(table, own)
  const rest = own.filter(({ name }) => !title.includes(name))
  const texts = rest.filter((column) => isText(column) && !isFew(column, table) && isLong(column))
  const fields = rest.filter((column) => !texts.includes(column) && isField(column, table))
  const cursor = rest.find(({ name, type }) => times.has(type) && cursorNames.test(name))
  return {
    title: title.length === 0 ? undefined : title.map((name) => `{${name}}`).join(' '),
    text: texts.map(({ name }) => name),
    fields: fields.map(({ name }) => name).slice(0, mostFields),
    cursor: cursor === undefined ? undefined : { name: cursor.name, indexed: table.indexed.includes(cursor.name) },
    personal,
  }
}

/** A name alone says who acted in a film; beside an e-mail or a birthday it says who a customer is. */
function personalColumns({ columns }: DraftTable, linked: ReadonlySet<string>): readonly string[] {
  const found = columns.filter(({ name }) => !linked.has(name) && personalKind(name) !== undefined)
  const isPerson = found.some(({ name }) => personalKind(name) !== 'name')
  return found.filter(({ name }) => isPerson || personalKind(name) !== 'name').map(({ name }) => name)
}

function chooseTitle(table: DraftTable, columns: readonly DraftColumn[]): readonly string[] {
  const texts = columns.filter(isText)
  const called = (name: string): string | undefined => texts.find((column) => column.name.toLowerCase() === name)?.name
  const own = table.name.toLowerCase()
  for (const name of [...titleNames, own, `${own}_name`, own.replace(/s$/, ''), `${own.replace(/s$/, '')}_name`]) {
    const found = called(name)
    if (found !== undefined) return [found]
  }
  const names = texts.filter(({ name }) => personalKind(name) === 'name').map(({ name }) => name)
  if (names.length > 0) return names
  const ending = texts.find(({ name }) => /(^|_)(title|name)$/i.test(name))
  return ending === undefined ? [] : [ending.name]
}

function isText({ category, type }: DraftColumn): boolean {
  return category === 'S' && type !== 'name'
}

function isLong({ name, type, width, maxLength }: DraftColumn): boolean {
  if (textNames.test(name)) return true
  if (width !== null) return width >= longWidth
  return type === 'text' || (maxLength ?? 0) >= 100
}

function isFew({ distinct }: DraftColumn, { rows }: DraftTable): boolean {
  return distinct !== null && distinct > 1 && distinct <= Math.min(mostDistinct, rows / 2)
}

function isField(column: DraftColumn, table: DraftTable): boolean {
  const { category, type, itemCategory } = column
  if (category === 'E' || category === 'B' || type === 'date' || type === 'int2') return true
  const isShort =
    category === 'S' || category === 'N' || (category === 'A' && (itemCategory === 'S' || itemCategory === 'E'))
  return isShort && isFew(column, table)
}
