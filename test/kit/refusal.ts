import { expect } from 'vitest'
import { errorTable } from '../../src/core/error-table.ts'
import { runProgram } from './program.ts'

/** Stands for a password or a key in what a test configures; it must come out nowhere. */
export const secret = 's3cr3t'

/**
 * Runs a command that has to fail: its exit code, then every error as `CODE message`, a line each, with the folder as
 * DIR. Whatever it fails with, stdout holds one JSON document, each error has a fix, and no stack or secret is printed.
 */
export async function refusalOf(
  args: readonly string[],
  { dir, env = {} }: { readonly dir: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(['--json', ...args], { dir, env })
  expect(stdout.trimEnd().split('\n'), stderr).toHaveLength(1)
  expect(stdout + stderr).not.toContain(secret)
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m)
  const errors = errorsIn(JSON.parse(stdout)).map((error) => `${error.code} ${error.message}`)
  return [String(code), ...errors].join('\n').replaceAll(dir, 'DIR')
}

interface Told {
  readonly code: string
  readonly message: string
}

/** Every error anywhere in a document. */
function errorsIn(value: unknown): Told[] {
  if (typeof value !== 'object' || value === null) return []
  if (!('code' in value && 'fix' in value && 'message' in value)) return Object.values(value).flatMap(errorsIn)
  const { code, message, fix } = value
  expect(Object.keys(errorTable)).toContain(code)
  expect(String(fix)).toMatch(/^[A-Z].+\.$/)
  return [{ code: String(code), message: String(message) }]
}
