import { TestRunner, inject } from 'vitest'

import type { ProvidedServer, ServerName } from './servers.ts'

/** The address of a server the run provides; without it the running test is skipped, saying how to start one. */
export function serverUrl(name: ServerName): string {
  const server: ProvidedServer = inject(name)
  if ('url' in server) return server.url
  TestRunner.getCurrentTest()?.context.skip(server.missing)
  throw new Error(server.missing)
}

/** For `describe.skipIf`: suites that open a server in a hook, where a single test can't be skipped. */
export function isMissing(name: ServerName): boolean {
  return 'missing' in inject(name)
}
