import { isIP } from 'node:net'
import type { BaseOptions, Broker, SASLMechanismValue } from '@platformatic/kafka'
import { AquiferError } from '../../src/core/errors.ts'
import type { KafkaConnection } from './config.ts'
import { invalidSource } from '../../src/core/source-error.ts'

type ClientOptions = BaseOptions & {
  readonly bootstrapBrokers: Broker[]
  readonly connectTimeout: number
  readonly requestTimeout: number
}

const connectTimeoutMs = 5000
const defaultPort = 9092

/** What the client wants to know of a connection; it retries nothing, so that positions and patience stay ours. */
export function kafkaOptions(connection: KafkaConnection): ClientOptions {
  const { tls, sasl, clientId, requestTimeout } = connection
  const bootstrapBrokers = brokersOf(connection)
  return {
    clientId,
    bootstrapBrokers,
    connectTimeout: connectTimeoutMs,
    requestTimeout,
    retries: 0,
    ...(tls === undefined || tls === false
      ? {}
      : { tls: tlsOptions(tls), tlsServerName: serverName(tls, bootstrapBrokers) }),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: mechanisms[sasl.mechanism],
            username: revealed(sasl.username),
            password: revealed(sasl.password),
          },
        }),
  }
}

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const satisfies Record<string, SASLMechanismValue>

type Tls = Exclude<KafkaConnection['tls'], undefined | false>

function tlsOptions(tls: Tls): Record<string, string> {
  if (tls === true) return {}
  const { ca, cert, key } = tls
  const given = Object.entries({ ca, cert, key }).filter(([, secret]) => secret !== undefined)
  return Object.fromEntries(given.map(([name, secret]) => [name, revealed(secret)]))
}

/** The name to ask for: the host's own, which addresses have none of. */
function serverName(tls: Tls, brokers: readonly Broker[]): string | boolean {
  const named = tls === true ? undefined : tls.servername
  return named ?? brokers.every(({ host }) => isIP(host) === 0)
}

function revealed(secret: unknown): string {
  if (typeof secret !== 'string') throw new AquiferError('INTERNAL', 'A secret of a connection was not resolved.')
  return secret
}

function brokersOf(connection: KafkaConnection): Broker[] {
  const addresses =
    'brokers' in connection
      ? connection.brokers
      : revealed(connection.url)
          .replace(/^kafka:\/\//, '')
          .replace(/\/$/, '')
          .split(',')
  return addresses.map(parseAddress)
}

/** `host`, `host:port` or `[address of IPv6]:port`. */
function parseAddress(address: string): Broker {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/i.exec(address) ?? []
  const host = bracketed ?? plain
  if (host !== undefined && Number(port ?? defaultPort) < 65_536) return { host, port: Number(port ?? defaultPort) }
  throw invalidSource({ subject: 'The connection', what: '' }, 'an address of its brokers is not HOST:PORT', {
    fix: 'Write brokers as [kafka-1.example:9092], or a URL as kafka://kafka-1.example:9092; a user belongs under `sasl`.',
  })
}
