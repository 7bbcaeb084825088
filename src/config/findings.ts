import type { z } from 'zod'
import type { Path } from './problem.ts'

type Issue = z.core.$ZodIssue

/** What zod found, in the few kinds that are worded apart. Paths are relative to what was parsed. */
export type Finding =
  | { readonly kind: 'unknown'; readonly path: Path; readonly key: string }
  | { readonly kind: 'missing'; readonly path: Path }
  | { readonly kind: 'missing-one-of'; readonly path: Path; readonly keys: readonly string[] }
  | {
      readonly kind: 'mismatch'
      readonly path: Path
      readonly types: readonly string[]
      readonly values: readonly string[]
    }
  | { readonly kind: 'other'; readonly path: Path; readonly issue: Issue }

/** Issues as findings; of a union, those of the branch that was probably meant. */
export function toFindings(issues: readonly Issue[], raw: unknown): Finding[] {
  return issues.flatMap((issue) => toFinding(issue, raw))
}

function toFinding(issue: Issue, raw: unknown): Finding[] {
  const { path } = issue
  const value = valueAt(raw, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ kind: 'unknown', path, key }))
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.map((branch) => toFindings(branch, value))
    return pickBranch(branches).map((finding) => ({ ...finding, path: [...path, ...finding.path] }))
  }
  if (value === undefined) return [{ kind: 'missing', path }]
  // A message of the schema's own says more than the types do.
  if (!issue.message.startsWith('Invalid')) return [{ kind: 'other', path, issue }]
  if (issue.code === 'invalid_type') return [{ kind: 'mismatch', path, types: [issue.expected], values: [] }]
  if (issue.code === 'invalid_value') return [{ kind: 'mismatch', path, types: [], values: issue.values.map(String) }]
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return [{ kind: 'mismatch', path, types: [], values: issue.options.map(String) }]
  }
  return [{ kind: 'other', path, issue }]
}

function pickBranch(branches: readonly (readonly Finding[])[]): readonly Finding[] {
  const meant = branches.filter((branch) => !branch.some(isOfRoot))
  const [first = []] = meant
  if (meant.length === 0) return mergeRoots(branches.flat().filter(isOfRoot))
  const unknownToAll = first.filter((finding) =>
    meant.every((branch) => branch.some((other) => sameUnknown(other, finding))),
  )
  if (unknownToAll.length > 0) return unknownToAll
  if (meant.length > 1 && meant.every((branch) => branch.every((finding) => finding.kind === 'missing'))) {
    const keys = meant.flatMap((branch) => branch.map((finding) => String(finding.path[0])))
    return [{ kind: 'missing-one-of', path: [], keys: [...new Set(keys)] }]
  }
  return meant.reduce((best, branch) => (distance(branch) < distance(best) ? branch : best), first)
}

/** How little a branch was meant: a key that it has no place for counts for more than what is wrong inside of one. */
function distance(branch: readonly Finding[]): number {
  const strange = branch.filter((finding) => finding.kind === 'unknown' && finding.path.length === 0)
  return branch.length + 100 * strange.length
}

function isOfRoot(finding: Finding): boolean {
  return finding.path.length === 0 && (finding.kind === 'mismatch' || finding.kind === 'missing')
}

function mergeRoots(roots: readonly Finding[]): readonly Finding[] {
  const mismatches = roots.filter((finding) => finding.kind === 'mismatch')
  if (mismatches.length === 0) return roots.slice(0, 1)
  const types = new Set(mismatches.flatMap((finding) => finding.types))
  return [{ kind: 'mismatch', path: [], types: [...types], values: mismatches.flatMap((finding) => finding.values) }]
}

function sameUnknown(a: Finding, b: Finding): boolean {
  return a.kind === 'unknown' && b.kind === 'unknown' && a.key === b.key && a.path.length === 0 && b.path.length === 0
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    return Reflect.get(value, part)
  }, raw)
}
