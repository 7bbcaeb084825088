import type { z } from 'zod'
import { AquiferError } from '../core/errors.ts'

const fix = 'Correct the named argument and call again; the input schema in tools/list shows what is allowed.'

/** Checked arguments of a tool. A null counts as left out: some clients send it for every optional argument. */
export function parseArguments<In extends z.ZodObject>(input: In, args: unknown): z.output<In> {
  const given = isObject(args) ? Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null)) : args
  const parsed = input.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, 5).map((issue) => describe(issue, Object.keys(input.shape)))
  throw new AquiferError('ARGUMENT_INVALID', problems.join(' '), { fix })
}

function describe(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const names = issue.keys.slice(0, 5).map((key) => quote(key))
    return `Unknown argument ${names.join(', ')}; this tool takes ${known.join(', ')}.`
  }
  if (issue.path.length === 0) return `The arguments are not an object: ${issue.message}.`
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  if (missing && issue.path.length === 1) return `Argument ${quote(issue.path[0])} is missing.`
  return `Argument ${quote(issue.path.join('.'))}: ${issue.message}.`
}

function quote(name: PropertyKey | undefined): string {
  return JSON.stringify(String(name).slice(0, 60))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
