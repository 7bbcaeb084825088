import { AquiferError } from '../../src/core/errors.ts'
import { inWords, networkReasons, wordError } from '../../src/core/source-error.ts'
import type { Place, Worded } from '../../src/core/source-error.ts'

/** Whether it is worth while to ask again. */
export function mayPass(error: unknown): boolean {
  return error instanceof AquiferError && error.code === 'SOURCE_UNREACHABLE'
}

/** What a broker answered about one topic, partition or group, by the number that its protocol gives it. */
export function brokerError(code: number, place: Place): AquiferError {
  return inWords(byCode[code]?.(place.what) ?? wordRest(code), place)
}

const byCode: Readonly<Record<number, (what: string) => Worded>> = {
  1: () => ['CURSOR_EXPIRED', 'the log no longer has what came after its cursor.'],
  3: (what) => ['SOURCE_UNREACHABLE', `no broker knows ${what} now`],
  22: (what) => inUse(what),
  25: (what) => inUse(what),
  29: (what) => ['SOURCE_AUTH', `this user may not read ${what}`, grantTopic],
  30: (what) => [
    'SOURCE_AUTH',
    `this user may not note offsets for ${what}`,
    'Grant READ on the group, or leave it out.',
  ],
  31: (what) => ['SOURCE_AUTH', `this user may not read ${what}`, grantTopic],
  35: () => ['SOURCE_INVALID', 'the brokers are older than Kafka 2.8', 'Read a cluster of Kafka 2.8 or later.'],
  76: (what) => ['SOURCE_INVALID', `${what} is compressed in a way that is not known here`],
}

const grantTopic = 'Grant READ, DESCRIBE and DESCRIBE_CONFIGS on the topic to the user of the connection.'

function inUse(what: string): Worded {
  return ['SOURCE_INVALID', `${what} has consumers of its own`, 'Name a group under `group` that nobody else uses.']
}

/** Leaders that move, coordinators that load, storage that fails: all of it may pass. */
function wordRest(code: number): Worded {
  return ['SOURCE_UNREACHABLE', `the brokers can't answer now (code ${code})`]
}

/** Whatever the client threw, in our words. */
export function toSourceError(thrown: unknown, place: Place): AquiferError {
  return wordError(thrown, place, () => wordClient(causesOf(thrown)))
}

interface Cause {
  readonly message: string
  readonly code: string
  readonly apiId: string
}

/** The error with all that caused it: the client nests what each broker said. */
function causesOf(thrown: unknown, depth = 0): readonly Cause[] {
  if (!(thrown instanceof Error) || depth > 8) return []
  const text = (key: string): string => (key in thrown ? String(Reflect.get(thrown, key)) : '')
  const inner: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : []
  const own = { message: thrown.message, code: text('code'), apiId: text('apiId') }
  return [own, ...[...inner, thrown.cause].flatMap((cause) => causesOf(cause, depth + 1))]
}

function wordClient(causes: readonly Cause[]): Worded {
  const has = (key: keyof Cause, pattern: RegExp): boolean => causes.some((cause) => pattern.test(cause[key]))
  if (has('code', /^PLT_KFK_AUTHENTICATION$/) || has('apiId', /SASL/)) {
    return [
      'SOURCE_AUTH',
      'the broker refuses this login',
      'Correct `sasl` of the connection: mechanism, user and password.',
    ]
  }
  if (has('message', /requires TLS/)) {
    return ['SOURCE_INVALID', 'the broker wants TLS', 'Set `tls: true` at the connection, or name its plain port.']
  }
  if (
    has('code', /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|^ERR_(TLS|SSL|OSSL)|^EPROTO$/) ||
    has('message', /TLS handshake/)
  ) {
    return [
      'SOURCE_INVALID',
      'no secure connection could be made',
      'Correct `tls` of the connection, or name the port for TLS.',
    ]
  }
  if (has('code', /UNSUPPORTED_COMPRESSION/)) return byCode[76]?.('the topic') ?? wordRest(76)
  if (has('code', /UNSUPPORTED_API/)) return byCode[35]?.('') ?? wordRest(35)
  const known = causes.map(({ code }) => reasons[code]).find((reason) => reason !== undefined)
  if (known !== undefined) return ['SOURCE_UNREACHABLE', known]
  if (has('message', /timed? ?out/i)) return ['SOURCE_UNREACHABLE', 'the brokers do not answer']
  return [
    'SOURCE_UNREACHABLE',
    'the connection was lost',
    'Check that the brokers run, and that `tls` and `sasl` are what their port wants.',
  ]
}

const reasons = networkReasons('the brokers', 'the brokers')
