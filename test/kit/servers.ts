import type { TestProject } from 'vitest/node'

import { findServer, startCommand } from './test-server.ts'
import type { Found, TestServer } from './test-server.ts'
import { testServers } from './test-servers.ts'

/** A server as a test sees it: its address, or what to say when it is skipped. */
export type ProvidedServer = { readonly url: string } | { readonly missing: string }

export type ServerName = keyof typeof testServers

declare module 'vitest' {
  interface ProvidedContext extends Record<ServerName, ProvidedServer> {}
}

// Vitest loads this file anew for every project, so what is shared between them hangs on the process.
const shared = Symbol.for('aquifer.test.servers')
type Shared = Map<ServerName, Promise<ProvidedServer>>
const processWide: typeof globalThis & { [shared]?: Shared } = globalThis

/** Gives every project the same servers, each started once for the first that needs it; under CI a missing one ends the run. */
export async function setup(project: TestProject): Promise<void> {
  const found: Shared = (processWide[shared] ??= new Map())
  const servers = names.map(async (name) => [name, await findOnce(name, found, project.name)] as const)
  for (const [name, server] of await Promise.all(servers)) project.provide(name, server)
}

// The keys of an object literal are its type's.
const names = Object.keys(testServers) as ServerName[]

async function findOnce(name: ServerName, found: Shared, project: string): Promise<ProvidedServer> {
  const { title, projects }: TestServer = testServers[name]
  if (projects?.includes(project) === false) return { missing: `${title} is not there for tests of ${project}` }
  const server = found.get(name) ?? findTidied(name).then((one) => provided(name, one))
  found.set(name, server)
  return server
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
