import { randomUUID } from 'node:crypto'
import type { EngineResult, RunLimits, Statement } from '../../engine.ts'
import type { Clients, Session } from './clients.ts'
import { createTalk } from './conversation.ts'
import { isStalePlan, isStatementsFault } from './engine-error.ts'
import { endSql } from './settings.ts'

export interface Work {
  readonly statement: Statement
  readonly limits: RunLimits
  readonly signal: AbortSignal
}

/**
 * Runs it on this connection, which is given back afterwards; or dropped, its statement cancelled, when anything went
 * otherwise than expected.
 */
export async function runStatement(clients: Clients, session: Session, work: Work): Promise<EngineResult> {
  const { statement, limits, signal } = work
  const { client, prepared } = session
  let open = true
  const leave = (how: 'giveBack' | 'drop'): void => {
    signal.removeEventListener('abort', drop)
    if (open) clients[how](session)
    open = false
  }
  const drop = (): void => leave('drop')
  signal.addEventListener('abort', drop)
  try {
    const before = session.inRecovery ? await readReplayed(session) : undefined
    const talk = createTalk(statement, { limits, prepared })
    client.query(talk.conversation)
    const result = await talk.result
    void talk.ended.then((clean) => leave(clean && client.getTransactionStatus() === 'I' ? 'giveBack' : 'drop'))
    return { ...result, watermark: watermarkOf(session, before, result.watermark) }
  } catch (error) {
    const reusable = open && isStatementsFault(error) && !isStalePlan(error) && (await rollBack(session))
    leave(reusable ? 'giveBack' : 'drop')
    throw error
  }
}

async function rollBack({ client }: Session): Promise<boolean> {
  try {
    await client.query(endSql)
    return client.getTransactionStatus() === 'I'
  } catch {
    return false
  }
}

async function readReplayed({ client }: Session): Promise<string> {
  const { rows } = await client.query<{ position: string }>('select pg_last_wal_replay_lsn()::text as position')
  return rows[0]?.position ?? ''
}

/** A standby that replayed while the snapshot was taken may have shown either state: such a watermark equals no other. */
function watermarkOf({ history }: Session, before: string | undefined, seen: string): string {
  const moved = before !== undefined && before !== seen
  return `${history}@${seen}${moved ? `+${randomUUID()}` : ''}`
}
