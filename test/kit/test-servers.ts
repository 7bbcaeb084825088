import { fileURLToPath } from 'node:url'
import { Client } from 'pg'

import { removeStaleIndices } from './elasticsearch-indices.ts'
import { requestElasticsearch } from './elasticsearch-request.ts'
import { listTopics, removeStaleTopics } from './kafka-topics.ts'
import { removeStaleMariadbs, withMariadb } from './mariadb-databases.ts'
import { probeMongodb, removeStaleMongodbs } from './mongodb-databases.ts'
import { removeStaleDatabases } from './postgres-databases.ts'
import { listBuckets, removeStaleBuckets, s3Client } from './s3-buckets.ts'
import type { TestServer } from './test-server.ts'

/** Postgres 18 with pgvector and pg_textsearch; the image is the one that carries both. */
const postgres: TestServer = {
  title: 'Postgres 18 with pgvector and pg_textsearch',
  variable: 'AQUIFER_TEST_POSTGRES_URL',
  script: 'postgres',
  port: 5471,
  url: 'postgresql://postgres@127.0.0.1:5471/postgres',
  container: {
    name: 'aquifer-test-postgres',
    run: (
      'run --detach --name aquifer-test-postgres --publish 127.0.0.1:5471:5432 ' +
      '--env POSTGRES_HOST_AUTH_METHOD=trust timescale/timescaledb-ha:pg18 ' +
      '-c shared_preload_libraries=pg_textsearch -c wal_level=logical -c max_replication_slots=20 -c max_prepared_transactions=10'
    ).split(' '),
  },
  async probe(url) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    await client.connect()
    await client.query('select 1')
    await client.end()
  },
  tidy: removeStaleDatabases,
}

const elasticsearch: TestServer = {
  title: 'Elasticsearch 9.5',
  variable: 'AQUIFER_TEST_ELASTICSEARCH_URL',
  script: 'elasticsearch',
  port: 9271,
  url: 'http://127.0.0.1:9271',
  container: {
    name: 'aquifer-test-elasticsearch',
    run: [
      ...'run --detach --name aquifer-test-elasticsearch --publish 127.0.0.1:9271:9200'.split(' '),
      ...'--env discovery.type=single-node --env xpack.security.enabled=false --env'.split(' '),
      'ES_JAVA_OPTS=-Xms1g -Xmx1g',
      'elasticsearch:9.5.3',
    ],
  },
  async probe(url) {
    await requestElasticsearch(url, '/_cluster/health?wait_for_status=yellow&timeout=5s')
  },
  tidy: removeStaleIndices,
}

const mariadbSetup = fileURLToPath(new URL('../services/mariadb/setup.sql', import.meta.url))

/** With the tables of time zones, which the image fills by itself. */
const mariadb: TestServer = {
  title: 'MariaDB 10.11',
  variable: 'AQUIFER_TEST_MARIADB_URL',
  script: 'mariadb',
  port: 3371,
  url: 'mysql://app:app@127.0.0.1:3371/app',
  container: {
    name: 'aquifer-test-mariadb',
    run: [
      ...'run --detach --name aquifer-test-mariadb --publish 127.0.0.1:3371:3306 --env MARIADB_RANDOM_ROOT_PASSWORD=1'.split(
        ' ',
      ),
      '--volume',
      `${mariadbSetup}:/docker-entrypoint-initdb.d/setup.sql:ro`,
      ...'mariadb:10.11 --log-bin=binlog --binlog-format=ROW --binlog-row-metadata=FULL --gtid-strict-mode=ON'.split(
        ' ',
      ),
    ],
  },
  async probe(url) {
    await withMariadb(url, (run) => run('select 1'))
  },
  tidy: removeStaleMariadbs,
}

const s3: TestServer = {
  title: 'An S3-compatible store',
  variable: 'AQUIFER_TEST_S3_URL',
  script: 's3',
  port: 9071,
  url: 'http://aquifer:aquifer-test@127.0.0.1:9071',
  container: {
    name: 'aquifer-test-s3',
    run: (
      'run --detach --name aquifer-test-s3 --publish 127.0.0.1:9071:9000 --env MINIO_ROOT_USER=aquifer ' +
      '--env MINIO_ROOT_PASSWORD=aquifer-test minio/minio:RELEASE.2025-09-07T16-13-09Z server /data'
    ).split(' '),
  },
  projects: ['store'],
  async probe(url) {
    const client = s3Client(url)
    await listBuckets(client).finally(() => client.destroy())
  },
  tidy: removeStaleBuckets,
}

/** Without Docker, what speaks MongoDB's protocol and is not mongod; see its README. */
const mongodb: TestServer = {
  title: 'MongoDB as a replica set of one',
  variable: 'AQUIFER_TEST_MONGODB_URL',
  script: 'mongodb',
  port: 27071,
  url: 'mongodb://127.0.0.1:27071/?directConnection=true',
  container: {
    name: 'aquifer-test-mongodb',
    run: (
      'run --detach --name aquifer-test-mongodb --publish 127.0.0.1:27071:27017 ' +
      'mongo:8 --replSet rs0 --bind_ip_all'
    ).split(' '),
  },
  projects: ['store'],
  probe: probeMongodb,
  tidy: removeStaleMongodbs,
}

const saslModule = 'org.apache.kafka.common.security'

/** Two ports further on one has to log in; three further on is for a proxy. See test/services/kafka. */
const kafka: TestServer = {
  title: 'Kafka 4',
  variable: 'AQUIFER_TEST_KAFKA_URL',
  script: 'kafka',
  port: 9171,
  url: 'kafka://127.0.0.1:9171',
  container: {
    name: 'aquifer-test-kafka',
    run: [
      ...'run --detach --name aquifer-test-kafka --publish 127.0.0.1:9171:9171'.split(' '),
      ...'--publish 127.0.0.1:9173:9173 --publish 127.0.0.1:9174:9174'.split(' '),
      ...[
        'KAFKA_PROCESS_ROLES=broker,controller',
        'KAFKA_NODE_ID=1',
        'KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9172',
        'KAFKA_LISTENERS=PLAINTEXT://:9171,CONTROLLER://:9172,SASL://:9173,PROXIED://:9174',
        'KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:9171,SASL://127.0.0.1:9173,PROXIED://127.0.0.1:9175',
        'KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER',
        'KAFKA_INTER_BROKER_LISTENER_NAME=PLAINTEXT',
        'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,PROXIED:PLAINTEXT',
        'KAFKA_AUTO_CREATE_TOPICS_ENABLE=false',
        'KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1',
        'KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=1',
        'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=1',
        'KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0',
        'KAFKA_LOG_INITIAL_TASK_DELAY_MS=100',
        'KAFKA_LOG_CLEANER_BACKOFF_MS=200',
        'KAFKA_AUTHORIZER_CLASS_NAME=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND=true',
        'KAFKA_SUPER_USERS=User:ANONYMOUS',
        'KAFKA_SASL_ENABLED_MECHANISMS=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        `KAFKA_LISTENER_NAME_SASL_PLAIN_SASL_JAAS_CONFIG=${saslModule}.plain.PlainLoginModule required user_reader="reader-test";`,
        `KAFKA_LISTENER_NAME_SASL_SCRAM___SHA___256_SASL_JAAS_CONFIG=${saslModule}.scram.ScramLoginModule required;`,
        `KAFKA_LISTENER_NAME_SASL_SCRAM___SHA___512_SASL_JAAS_CONFIG=${saslModule}.scram.ScramLoginModule required;`,
      ].flatMap((setting) => ['--env', setting]),
      'apache/kafka:4.1.0',
    ],
  },
  projects: ['store'],
  async probe(url) {
    await listTopics(url)
  },
  tidy: removeStaleTopics,
}

export const testServers = { postgres, elasticsearch, mariadb, s3, mongodb, kafka } as const
