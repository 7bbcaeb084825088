import type { z } from 'zod'
import { toFindings, valueAt, type Finding } from './findings.ts'
import { knownKeys, type JsonSchema } from './known-keys.ts'
import { hint, nearest } from '../core/nearest.ts'
import { pathText, type Path, type Problem } from './problem.ts'

/** Words zod's issues about `raw`, which stands at `prefix` of the file. Values are never repeated: one may be a secret. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  { raw, prefix, schema }: { raw: unknown; prefix: Path; schema: JsonSchema },
): Problem[] {
  const findings = toFindings(issues, raw)
  const meant = new Set(findings.map((finding) => meantBy(finding, schema)))
  return findings.flatMap((finding): Problem[] => {
    const path = [...prefix, ...finding.path]
    if (finding.kind === 'unknown') {
      const message = explainUnknown(finding.key, knownKeys(schema, finding.path))
      return [{ path: [...path, finding.key], at: 'key', message }]
    }
    // Said already, of the key that was written instead.
    if (finding.kind === 'missing' && meant.has(pathText(finding.path))) return []
    const at = isOfKey(finding) ? 'key' : 'value'
    return [{ path, at, message: word(finding, valueAt(raw, finding.path)) }]
  })
}

function isOfKey(finding: Finding): boolean {
  if (finding.kind === 'other') return finding.issue.code === 'invalid_key'
  return finding.kind === 'missing' || finding.kind === 'missing-one-of'
}

/** Path of the key that was probably meant by an unknown one. */
function meantBy(finding: Finding, schema: JsonSchema): string | undefined {
  if (finding.kind !== 'unknown') return undefined
  const key = nearest(finding.key, knownKeys(schema, finding.path))
  return key === undefined ? undefined : pathText([...finding.path, key])
}

/** What to say of a key that is not among the known ones. */
function explainUnknown(key: string, known: readonly string[]): string {
  if (known.includes(key)) return 'does not go with the other keys here'
  return `unknown key${hint(key, known)}`
}

function word(finding: Exclude<Finding, { kind: 'unknown' }>, value: unknown): string {
  if (finding.kind === 'missing') return 'missing'
  if (finding.kind === 'missing-one-of') return `needs ${orList(finding.keys)}`
  if (finding.kind === 'mismatch') return explainMismatch(finding.values, finding.types, value)
  return explainOther(finding.issue)
}

/** `expected a list, not text` or `expected files or postgres; did you mean files?` */
export function explainMismatch(values: readonly string[], types: readonly string[], value: unknown): string {
  const expected = `expected ${orList([...values, ...types.map((type) => typeWords[type] ?? type)])}`
  if (value === undefined) return `missing; ${expected}`
  const meant = typeof value === 'string' ? nearest(value, values) : undefined
  if (meant !== undefined) return `${expected}; did you mean ${meant}?`
  return types.length === 0 && typeof value === 'string' ? expected : `${expected}, not ${typeOf(value)}`
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
}

function typeOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'boolean' ? String(value) : (typeWords[typeof value] ?? typeof value)
}

function explainOther(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => explainOther(inner)).join('; ')
  if (issue.code === 'invalid_format' || issue.code === 'invalid_type') {
    return issue.message.startsWith('Invalid') ? 'has the wrong form' : `expected ${issue.message}`
  }
  if (!/^(?:Too|Invalid)/.test(issue.message)) return issue.message
  if (issue.code === 'too_small') return limit('at least', issue.minimum, issue.origin)
  if (issue.code === 'too_big') return limit('at most', issue.maximum, issue.origin)
  return issue.message
}

function limit(bound: string, count: number | bigint, origin: string): string {
  if (origin === 'string') return count === 1 ? 'must not be empty' : `must be ${bound} ${count} characters long`
  return origin === 'array' ? `must have ${bound} ${count} items` : `must be ${bound} ${count}`
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}
