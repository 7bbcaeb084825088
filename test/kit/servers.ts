import type { TestProject } from 'vitest/node'

import { findServer, startCommand } from './test-server.ts'
import type { Found } from './test-server.ts'
import { testServers } from './test-servers.ts'

/** A server as a test sees it: its address, or what to say when it is skipped. */
export type ProvidedServer = { readonly url: string } | { readonly missing: string }

export type ServerName = keyof typeof testServers

declare module 'vitest' {
  interface ProvidedContext extends Record<ServerName, ProvidedServer> {}
}

// Vitest loads this file anew for every project, so what is shared between them hangs on the process.
const shared = Symbol.for('aquifer.test.servers')
const processWide: typeof globalThis & { [shared]?: Promise<Record<ServerName, ProvidedServer>> } = globalThis

/** Gives every project the same servers, started once; under CI a missing one ends the run. */
export async function setup(project: TestProject): Promise<void> {
  const servers = await (processWide[shared] ??= findServers())
  for (const name of names) project.provide(name, servers[name])
}

// The keys of an object literal are its type's.
const names = Object.keys(testServers) as ServerName[]

async function findServers(): Promise<Record<ServerName, ProvidedServer>> {
  const found = await Promise.all(names.map(async (name) => [name, await findTidied(name)] as const))
  // Every name has its pair.
  return Object.fromEntries(found.map(([name, server]) => [name, provided(name, server)])) as Record<
    ServerName,
    ProvidedServer
  >
}

async function findTidied(name: ServerName): Promise<Found> {
  const found = await findServer(testServers[name])
  if ('url' in found && found.ours) await testServers[name].tidy(found.url)
  return found
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
