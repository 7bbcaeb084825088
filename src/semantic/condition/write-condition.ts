import { operatorRanks, rank, reservedWords } from './ranks.ts'
import type { Tree } from './tree.ts'
import type { NameTree } from './visit-tree.ts'

/** The tree as text with no parenthesis too many. `parseCondition` reads it as the same tree (within its limits). */
export const writeCondition = (tree: Tree): string => write(tree, rank.or)

/** As a part of something that needs it to bind at least so closely. */
function write(tree: Tree, least: number): string {
  const text = writeTree(tree)
  return rankOf(tree) < least ? `(${text})` : text
}

function rankOf(tree: Tree): number {
  if (tree.kind === 'operation') return operatorRanks[tree.operator]
  if (tree.kind === 'not') return isNegatable(tree.of) ? rank.comparison : rank.not
  if (tree.kind === 'is_null' || tree.kind === 'in') return rank.comparison
  const isSigned = tree.kind === 'value' && typeof tree.value === 'number' && tree.value < 0
  return isSigned || tree.kind === 'negative' ? rank.sign : rank.primary
}

function writeTree(tree: Tree): string {
  switch (tree.kind) {
    case 'value':
      return typeof tree.value === 'string' ? quote(tree.value) : String(tree.value)
    case 'name':
      return writeName(tree)
    case 'metric':
      return `metric(${[tree.name, ...tree.by].join(', ')})`
    case 'call':
      return `${tree.name}(${writeList(tree.args)})`
    case 'operation':
      return writeOperation(tree)
    case 'not':
      return isNegatable(tree.of) ? writeTest(tree.of, 'not ') : `not ${write(tree.of, rank.not)}`
    case 'negative':
      return writeNegative(tree.of)
    case 'is_null':
    case 'in':
      return writeTest(tree, '')
    case 'cast':
      return writeCast(tree)
    case 'truncate':
      return `date_trunc('${tree.grain}', ${writeCondition(tree.of)})`
    case 'extract':
      return `extract(${tree.part} from ${writeCondition(tree.of)})`
    case 'case':
    default:
      return writeCase(tree)
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

const writeList = (trees: readonly Tree[]): string => trees.map(writeCondition).join(', ')

function writeName({ name, path, grain, part }: NameTree): string {
  const isPlain = path.length === 0 && grain === undefined && part === undefined
  if (isPlain && !reservedWords.has(name.toLowerCase())) return name
  const entities = path.length === 0 ? '' : `, entity_path=[${path.map(quote).join(', ')}]`
  const cut = grain === undefined ? '' : `.grain('${grain}')`
  return `{{ Dimension('${name}'${entities})${cut}${part === undefined ? '' : `.date_part('${part}')`} }}`
}

type Test = Extract<Tree, { kind: 'is_null' | 'in' }> | (Extract<Tree, { kind: 'operation' }> & { operator: 'like' })

/** What takes a `not` within: `is not null`, `not in`, `not like`. */
const isNegatable = (tree: Tree): tree is Test =>
  tree.kind === 'is_null' || tree.kind === 'in' || (tree.kind === 'operation' && tree.operator === 'like')

function writeTest(tree: Test, not: 'not ' | ''): string {
  if (tree.kind === 'is_null') return `${write(tree.of, rank.concat)} is ${not}null`
  if (tree.kind === 'in') return `${write(tree.of, rank.concat)} ${not}in (${writeList(tree.list)})`
  return `${write(tree.left, rank.concat)} ${not}like ${write(tree.right, rank.concat)}`
}

function writeOperation({ operator, left, right }: Extract<Tree, { kind: 'operation' }>): string {
  const own = operatorRanks[operator]
  const before = write(left, own === rank.comparison ? rank.concat : own)
  return `${before} ${operator} ${write(right, own + 1)}`
}

/** `-5` is a value; the negative of 5 needs parentheses to be told apart. */
function writeNegative(of: Tree): string {
  if (of.kind === 'value' && typeof of.value === 'number') return `-(${writeTree(of)})`
  return `-${write(of, rank.primary)}`
}

function writeCast({ of, to }: Extract<Tree, { kind: 'cast' }>): string {
  const isLiteral = of.kind === 'value' && typeof of.value === 'string' && (to === 'date' || to === 'timestamp')
  return isLiteral ? `${to} ${writeTree(of)}` : `cast(${writeCondition(of)} as ${to})`
}

function writeCase({ branches, otherwise }: Extract<Tree, { kind: 'case' }>): string {
  const whens = branches.map(({ when, then }) => `when ${writeCondition(when)} then ${writeCondition(then)}`)
  const rest = otherwise === undefined ? [] : [`else ${writeCondition(otherwise)}`]
  return ['case', ...whens, ...rest, 'end'].join(' ')
}
