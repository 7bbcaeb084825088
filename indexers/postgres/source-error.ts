import type { AquiferError } from '../../src/core/errors.ts'
import { networkReasons, wordError } from '../../src/core/source-error.ts'
import type { Place, Worded } from '../../src/core/source-error.ts'

/** Whatever the driver threw, in our words. */
export function toSourceError(thrown: unknown, place: Place): AquiferError {
  const state = sqlState(thrown)
  return wordError(thrown, place, () => (state === undefined ? wordConnection(thrown) : wordState(state, place)))
}

function wordState(state: string, { what }: Place): Worded {
  const known = byState[state]
  if (known !== undefined) return known(what)
  const kind = stateClasses[state.slice(0, 2)]
  if (kind !== undefined) return ['SOURCE_UNREACHABLE', `the database ${kind} (SQLSTATE ${state})`]
  return ['SOURCE_INVALID', `${what} can't be read (SQLSTATE ${state}${hints[state] ?? ''})`]
}

const byState: Readonly<Record<string, (what: string) => Worded>> = {
  '28000': () => ['SOURCE_AUTH', 'the database refuses this user'],
  '28P01': () => ['SOURCE_AUTH', 'the database refuses this password'],
  '3D000': () => [
    'SOURCE_INVALID',
    'there is no database of this name on the server',
    'Correct the URL of the connection.',
  ],
  '25006': (what) => [
    'SOURCE_INVALID',
    `${what} calls something that writes`,
    'Read without writing: Aquifer changes nothing in a source.',
  ],
  '42501': (what) => ['SOURCE_AUTH', `this user may not read ${what}`],
  '57014': (what) => [
    'SOURCE_UNREACHABLE',
    `reading ${what} took longer than statementTimeout allows`,
    'Raise statementTimeout of the connection, or make the query faster.',
  ],
  '53400': (what) => [
    'SOURCE_UNREACHABLE',
    `reading ${what} needs more temporary space than the database allows`,
    'Raise temp_file_limit for this user, or read a smaller part with a query.',
  ],
  '34000': () => [
    'SOURCE_UNREACHABLE',
    'the session was replaced in mid-read',
    'Connect to Postgres itself, or to a pooler in session mode.',
  ],
}

const stateClasses: Readonly<Record<string, string>> = {
  '08': 'ended the connection',
  '25': 'ended the transaction',
  '40': 'had to give up the transaction',
  '53': 'is out of resources',
  '55': 'could not get a lock',
  '57': 'ended the connection',
  '58': 'has trouble with its system',
  XX: 'reports an internal error',
}

const hints: Readonly<Record<string, string>> = {
  '42601': ', a syntax error',
  '42703': ', no such column',
  '42P01': ', no such table',
  '42883': ', no such function or operator',
  '42846': ', a cast that does not exist',
}

function wordConnection(thrown: unknown): Worded {
  const text = thrown instanceof Error ? thrown.message : ''
  if (/^SASL|password must be a string/.test(text)) return ['SOURCE_AUTH', 'the database asks for a password']
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return ['SOURCE_UNREACHABLE', reasons[code] ?? wordText(text)]
}

const reasons = networkReasons('the database', 'the connection')

function wordText(text: string): string {
  if (/timeout/i.test(text)) return 'the database does not answer'
  if (/ssl|tls|certificate/i.test(text)) return 'no secure connection could be made'
  return 'the connection was lost'
}

/** The five characters by which Postgres names a condition; undefined for what did not come from it. */
export function sqlState(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('severity' in thrown)) return undefined
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : undefined
}
