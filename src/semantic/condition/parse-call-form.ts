import { hint } from '../../core/nearest.ts'
import { ConditionError } from './condition-error.ts'
import type { Cursor } from './cursor.ts'
import { knownDatePart } from './known-words.ts'
import { type Argument, parseArguments } from './parse-arguments.ts'
import type { DatePart } from './tree.ts'

/** `TimeDimension('metric_time', 'day').descending(True)` and its like, as dbt and MetricFlow write them. */
export interface CallForm {
  readonly isMetric: boolean
  readonly name: string
  readonly path: readonly string[]
  readonly grain: string | undefined
  readonly part: DatePart | undefined
  /** What a metric is asked by. */
  readonly by: readonly string[]
  readonly descending: boolean | undefined
}

type Setting = 'name' | 'path' | 'grain' | 'part' | 'by' | 'descending'

/** A call's name, its parameters in order, and what each of them sets. */
interface Form {
  readonly name: string
  readonly parameters: readonly (readonly [keyword: string, setting: Setting])[]
}

const path = ['entity_path', 'path'] as const
const grain = ['time_granularity_name', 'grain'] as const
const part = ['date_part_name', 'part'] as const
const descending = ['descending', 'descending'] as const

const forms: readonly Form[] = [
  { name: 'Dimension', parameters: [['name', 'name'], path] },
  { name: 'TimeDimension', parameters: [['time_dimension_name', 'name'], grain, path, descending, part] },
  { name: 'Entity', parameters: [['entity_name', 'name'], path] },
  {
    name: 'Metric',
    parameters: [
      ['metric_name', 'name'],
      ['group_by', 'by'],
    ],
  },
]

const methods: readonly Form[] = [
  { name: 'grain', parameters: [grain] },
  { name: 'date_part', parameters: [part] },
  { name: 'descending', parameters: [descending] },
]

export function parseCallForm(cursor: Cursor): CallForm {
  const given = new Map<Setting, Argument>()
  const { at } = cursor.peek()
  const form = parseCall(cursor, forms, given)
  while (cursor.accept('.')) parseCall(cursor, methods, given)
  const name = textOf(given, 'name')
  if (name === undefined) throw new ConditionError(`expected ${form.name}('…') with a name, found none`, at)
  checkName(name)
  const date = textOf(given, 'part')
  return {
    isMetric: form.name === 'Metric',
    name: name.text,
    path: namesOf(given, 'path'),
    grain: grainOf(given),
    part: date && knownDatePart({ kind: 'word', ...date }),
    by: namesOf(given, 'by'),
    descending: flagOf(given, 'descending'),
  }
}

function parseCall(cursor: Cursor, known: readonly Form[], given: Map<Setting, Argument>): Form {
  const names = known.map(({ name }) => name)
  const { kind, text } = cursor.peek()
  const form = known.find(({ name }) => name.toLowerCase() === text.toLowerCase())
  if (kind !== 'word' || form === undefined) throw cursor.unexpected(`one of ${names.join(', ')}`, names)
  cursor.take()
  for (const [index, argument] of parseArguments(cursor).entries()) {
    const setting = settingOf(form, argument, index)
    if (given.has(setting)) throw new ConditionError(`expected one ${setting}, found another`, argument.at)
    given.set(setting, argument)
  }
  return form
}

function settingOf({ name, parameters }: Form, { keyword, at }: Argument, index: number): Setting {
  const parameter = keyword === undefined ? parameters[index] : parameters.find(([known]) => known === keyword)
  if (parameter !== undefined) return parameter[1]
  if (keyword === undefined) {
    throw new ConditionError(`expected at most ${parameters.length} of ${name}'s arguments, found more`, at)
  }
  const known = parameters.map(([each]) => each)
  throw new ConditionError(`expected an argument of ${name}, found ${keyword.slice(0, 40)}${hint(keyword, known)}`, at)
}

interface Place {
  readonly text: string
  readonly at: number
}

type Given = ReadonlyMap<Setting, Argument>

function textOf(given: Given, setting: Setting): Place | undefined {
  const argument = given.get(setting)
  if (argument === undefined || argument.value === null) return undefined
  const { value, at } = argument
  if (typeof value === 'string') return { text: value, at }
  throw new ConditionError(`expected the ${setting} in quotes`, at)
}

function namesOf(given: Given, setting: Setting): readonly string[] {
  const argument = given.get(setting)
  if (argument === undefined || argument.value === null) return []
  const { value, at } = argument
  if (typeof value === 'string' || typeof value === 'boolean') {
    throw new ConditionError(`expected a list such as ['listing'], found something else`, at)
  }
  for (const text of value) checkName({ text, at })
  return value
}

function flagOf(given: Given, setting: Setting): boolean | undefined {
  const argument = given.get(setting)
  if (argument === undefined || argument.value === null) return undefined
  if (typeof argument.value === 'boolean') return argument.value
  throw new ConditionError(`expected True or False for ${setting}`, argument.at)
}

function grainOf(given: Given): string | undefined {
  const grain = textOf(given, 'grain')
  if (grain === undefined) return undefined
  checkName(grain)
  return grain.text.toLowerCase()
}

function checkName({ text, at }: Place): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return
  throw new ConditionError('expected a name such as listing__country within the quotes', at)
}
