import type { TestProject } from 'vitest/node'

import { removeStaleDatabases } from './postgres-databases.ts'
import { removeStaleIndices } from './elasticsearch-indices.ts'
import { findServer, startCommand } from './test-server.ts'
import type { Found } from './test-server.ts'
import { testServers } from './test-servers.ts'

/** A server as a test sees it: its address, or what to say when it is skipped. */
export type ProvidedServer = { readonly url: string } | { readonly missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    postgres: ProvidedServer
    elasticsearch: ProvidedServer
  }
}

type ServerName = keyof typeof testServers

// Vitest loads this file anew for every project, so what is shared between them hangs on the process.
const shared = Symbol.for('aquifer.test.servers')
const processWide: typeof globalThis & { [shared]?: Promise<Record<ServerName, ProvidedServer>> } = globalThis

/** Gives every project the same two servers, started once; under CI a missing one ends the run. */
export async function setup(project: TestProject): Promise<void> {
  processWide[shared] ??= findServers()
  const { postgres, elasticsearch } = await processWide[shared]
  project.provide('postgres', postgres)
  project.provide('elasticsearch', elasticsearch)
}

async function findServers(): Promise<Record<ServerName, ProvidedServer>> {
  const [postgres, elasticsearch] = await Promise.all([
    findServer(testServers.postgres),
    findServer(testServers.elasticsearch),
  ])
  if ('url' in postgres && postgres.ours) await removeStaleDatabases(postgres.url)
  if ('url' in elasticsearch && elasticsearch.ours) await removeStaleIndices(elasticsearch.url)
  return { postgres: provided('postgres', postgres), elasticsearch: provided('elasticsearch', elasticsearch) }
}

function provided(name: ServerName, found: Found): ProvidedServer {
  if ('url' in found) return { url: found.url }
  const server = testServers[name]
  const notice =
    `${server.title} is not to be had: ${found.missing}\n` +
    `Start one with: ${startCommand(server)}\nor name one in ${server.variable}.`
  if (process.env['CI'] !== undefined && process.env['CI'] !== 'false') throw new Error(notice)
  console.warn(`\n${'='.repeat(100)}\nSKIPPING every test that needs it. ${notice}\n${'='.repeat(100)}\n`)
  return { missing: notice }
}
