import { z } from 'zod'
import { Duration, Secret, SecretUrl } from '../../schemas/config.ts'

const Tls = z.union([
  z.boolean(),
  z.strictObject({
    ca: Secret.optional().describe('Certificates in PEM that the brokers are checked against'),
    cert: Secret.optional().describe('Our own certificate in PEM, where the brokers ask for one'),
    key: Secret.optional().describe('Its private key in PEM'),
    servername: z.string().min(1).optional().describe('The name in the certificates, where it is not the host'),
  }),
])

const Sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.union([z.string().min(1), Secret]),
  password: Secret,
})

const security = {
  tls: Tls.optional().describe('true, or which certificates; absent means without TLS'),
  sasl: Sasl.optional().describe('How to log in; absent means without'),
  clientId: z.string().min(1).default('aquifer').describe('The name that the brokers see in their logs and quotas'),
  requestTimeout: Duration.prefault('15s').describe('How long a broker may take for one answer'),
}

const Brokers = z.strictObject({
  brokers: z.array(z.string().min(1)).min(1).describe('Some brokers of the cluster, such as kafka-1.example:9092'),
  ...security,
})

const Url = z.strictObject({
  url: SecretUrl.describe('The same as a URL, such as kafka://kafka-1.example:9092,kafka-2.example:9092'),
  ...security,
})

/** How to reach the cluster; `open` gets secrets as plain text. */
export const KafkaConnection = z.union([Brokers, Url])
export type KafkaConnection = z.infer<typeof KafkaConnection>

/** One topic. */
export const KafkaSource = z.strictObject({
  topic: z.string().min(1),
  format: z
    .enum(['json', 'debezium'])
    .default('json')
    .describe('json: each value is the record; debezium: each value tells a change of a row'),
  group: z
    .string()
    .min(1)
    .optional()
    .describe('A consumer group of its own where the offsets are noted, for tools that show lag'),
  expires: z
    .enum(['keep', 'delete'])
    .default('keep')
    .describe('What becomes of a record whose messages the topic no longer keeps'),
})
export type KafkaSource = z.infer<typeof KafkaSource>
