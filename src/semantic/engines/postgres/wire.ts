import type { Client, Connection, Submittable } from 'pg'
import type { Field } from './cells.ts'

/** The messages of Postgres's extended protocol that we send, as `pg` writes them. */
export interface Wire {
  parse(message: { name: string; text: string }): void
  bind(message: { statement: string; values: readonly (string | null)[] }): void
  describe(message: { type: 'S'; name: string }): void
  execute(message: { rows: number }): void
  close(message: { type: 'S'; name: string }): void
  flush(): void
  sync(): void
  /** What is written between the two leaves at once; `data` are the bytes that come back, after what they say was handled. */
  readonly stream: NodeJS.EventEmitter & { cork(): void; uncork(): void }
  once(event: 'noData', listener: () => void): void
  off(event: 'noData', listener: () => void): void
}

/** What `pg` calls on whatever was submitted to it; its own cursors are such a thing. */
export interface Conversation extends Submittable {
  start(wire: Wire): void
  handleRowDescription(message: { readonly fields: readonly Field[] }): void
  /** Length in bytes. */
  handleDataRow(message: { readonly fields: readonly (string | null)[]; readonly length: number }): void
  handlePortalSuspended(): void
  handleCommandComplete(): void
  handleEmptyQuery(): void
  handleReadyForQuery(): void
  handleError(error: unknown): void
}

/** The types of `pg` tell of its connection what an older version took. */
export const wireOf = (connection: Connection): Wire => connection as unknown as Wire

/** The process that serves this connection, and what one has to know to cancel its statement. */
export function cancelKeyOf(client: Client): { readonly processId: number; readonly secretKey: number } | undefined {
  const processId: unknown = 'processID' in client ? client.processID : undefined
  const secretKey: unknown = 'secretKey' in client ? client.secretKey : undefined
  if (typeof processId !== 'number' || typeof secretKey !== 'number') return undefined
  return { processId, secretKey }
}
