import type { Dataset } from './context.ts'
import { isPlain, nameOf, type SqlToken } from './sql-tokens.ts'

/** An expression over the columns of one dataset, and which. */
export interface Resolved {
  readonly dataset: Dataset
  readonly expr: string
}

/** Puts columns in the place of `dataset.field`. A string says why that cannot be done. */
export function resolveColumns(tokens: readonly SqlToken[], datasets: ReadonlyMap<string, Dataset>): Resolved | string {
  const named = new Set(
    tokens.flatMap((token, index) => {
      const found = isQualifier(tokens, index) ? datasets.get(nameOf(token)?.toLowerCase() ?? '') : undefined
      return found === undefined ? [] : [found]
    }),
  )
  if (named.size > 1) return 'one aggregate has columns of two datasets'
  const [only] = named.size === 1 ? named : candidates(tokens, datasets)
  if (only === undefined) return 'which dataset its columns are of is not said; write dataset.field'
  return { dataset: only, expr: rewrite(tokens, only) }
}

function candidates(tokens: readonly SqlToken[], datasets: ReadonlyMap<string, Dataset>): readonly Dataset[] {
  if (datasets.size === 1) return [...datasets.values()]
  const words = new Set(tokens.flatMap((token) => nameOf(token)?.toLowerCase() ?? []))
  const having = [...datasets.values()].filter(({ fields }) => [...fields.keys()].some((field) => words.has(field)))
  return having.length === 1 ? having : []
}

const isQualifier = (tokens: readonly SqlToken[], index: number): boolean =>
  tokens[index + 1]?.text === '.' && tokens[index - 1]?.text !== '.'

/** The SQL over columns: what a field stands for in its place, without the dataset before it. */
export function rewrite(
  tokens: readonly SqlToken[],
  { name, fields, item }: Omit<Dataset, 'primaryKey' | 'uniqueKeys'>,
): string {
  const own = new Set([name, String(item.get('name')?.value).toLowerCase()])
  let text = ''
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]
    if (token === undefined) break
    if (token.kind === 'space') {
      // Comments go.
      text += ' '
      continue
    }
    const isOwn = isQualifier(tokens, index) && own.has(nameOf(token)?.toLowerCase() ?? '')
    const column = isOwn ? tokens[(index += 2)] : token
    if (column === undefined) break
    const isCall = !isOwn && nextSolid(tokens, index)?.text === '('
    const field = isCall || tokens[index - 1]?.text === (isOwn ? '' : '.') ? undefined : fieldOf(column, fields)
    text += field === undefined ? column.text : field
  }
  return text.trim()
}

function fieldOf(token: SqlToken, fields: Dataset['fields']): string | undefined {
  const said = nameOf(token)?.toLowerCase()
  const field = said === undefined ? undefined : fields.get(said)
  if (field === undefined || field.expr.toLowerCase() === said) return undefined
  return isPlain(field.expr) ? field.expr : `(${field.expr})`
}

function nextSolid(tokens: readonly SqlToken[], index: number): SqlToken | undefined {
  return tokens.slice(index + 1).find(({ kind }) => kind !== 'space')
}
