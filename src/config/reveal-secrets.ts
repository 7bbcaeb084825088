import { readFile } from 'node:fs/promises'
import type { Revealed } from '../core/config.ts'
import type { Env } from '../core/env.ts'
import { AquiferError } from '../core/errors.ts'
import { isMap } from './named-maps.ts'
import { isSecret } from './place-secrets.ts'

/**
 * Reads the secrets of a part of the configuration, for whoever opens what it configures; nothing else should hold the
 * answer. CONFIG_SECRET_MISSING names every one that is not there.
 */
export async function revealSecrets<T>(part: T, env: Env): Promise<Revealed<T>> {
  const missing: string[] = []
  const visit = async (value: unknown): Promise<unknown> => {
    if (isSecret(value)) {
      const secret = 'env' in value ? fromEnv(value.env, env) : await fromFile(value.file)
      if ('text' in secret) return secret.text
      missing.push(`${value.place ?? 'The configuration'} names ${secret.problem}`)
      return undefined
    }
    if (Array.isArray(value)) return Promise.all(value.map(visit))
    if (!isMap(value)) return value
    const entries = Object.entries(value).map(async ([key, item]) => [key, await visit(item)] as const)
    return Object.fromEntries(await Promise.all(entries))
  }
  const revealed = await visit(part)
  if (missing.length > 0) throw new AquiferError('CONFIG_SECRET_MISSING', missing.toSorted().join('\n  '))
  // `visit` changes nothing but secrets, and those to text.
  return revealed as Revealed<T>
}

type Found = { readonly text: string } | { readonly problem: string }

function fromEnv(name: string, env: Env): Found {
  const text = env[name]
  if (text === undefined) return { problem: `the environment variable ${name}, which is not set.` }
  return text === '' ? { problem: `the environment variable ${name}, which is empty.` } : { text }
}

async function fromFile(file: string): Promise<Found> {
  try {
    const text = (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
    return text === '' ? { problem: `the file ${file}, which is empty.` } : { text }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
    return { problem: `the file ${file}, which cannot be read (${code}).` }
  }
}
