import type { Json, Row } from '../../schemas/record.ts'

/** What the draft of a source uses the fields of its documents for. */
export interface FieldChoice {
  readonly title: string
  readonly text: readonly string[]
  readonly fields: readonly string[]
  /** Left out because of what they probably hold. */
  readonly personal: readonly string[]
}

const titleNames = ['title', 'name', 'label', 'subject', 'headline', 'heading']
const personalNames = /mail|phone|mobile|birth|password|passwd|secret|token|ssn|iban|address|street|salary/i
const longText = 24
const mostFields = 8

/** Undefined where no field holds a text. Only names that a template can hold are taken. */
export function chooseFields(documents: readonly Row[]): FieldChoice | undefined {
  const names = [...new Set(documents.flatMap((document) => Object.keys(document)))]
  const personal = names.filter((name) => personalNames.test(name))
  const own = names.filter((name) => name !== '_id' && /^\w+$/.test(name) && !personal.includes(name))
  const valuesOf = (name: string): readonly Json[] =>
    documents.flatMap((document) => (document[name] === undefined || document[name] === null ? [] : [document[name]]))
  const texts = own.filter(
    (name) => valuesOf(name).length > 0 && valuesOf(name).every((value) => typeof value === 'string'),
  )
  const long = texts.filter((name) => averageLength(valuesOf(name)) > longText)
  const title =
    titleNames.find((name) => texts.includes(name)) ?? texts.find((name) => !long.includes(name)) ?? texts[0]
  if (title === undefined) return undefined
  const text = long.filter((name) => name !== title)
  const fields = own.filter((name) => name !== title && !long.includes(name) && valuesOf(name).some(isPlain))
  return { title, text: text.length === 0 ? [title] : text, fields: fields.slice(0, mostFields), personal }
}

function averageLength(values: readonly Json[]): number {
  return values.reduce<number>((sum, value) => sum + JSON.stringify(value).length, 0) / values.length
}

function isPlain(value: Json): boolean {
  return typeof value !== 'object'
}
