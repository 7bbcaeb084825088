import { EventEmitter } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, protocol } from '@electric-sql/pglite'
import { createTalk } from './conversation.ts'
import { Refused } from '../../engine-words.ts'
import type { FromThread, RunMessage, ThreadSettings, ToThread } from './pglite-messages.ts'
import { createPrepared } from './prepared.ts'
import { endSql } from './settings.ts'
import type { Conversation, Wire } from './wire.ts'

const { Parser, messages, serialize } = protocol

if (parentPort === null) throw new Error('this file runs in a worker thread only')
const port = parentPort
// `startThread` is the only one to start this file.
const { path } = workerData as ThreadSettings
const pglite = await PGlite.create(path)
const prepared = createPrepared()
const post = (message: FromThread): void => port.postMessage(message)

/** Holds a conversation with the engine of this thread, which answers all that it was told at once. */
async function converse(conversation: Conversation): Promise<void> {
  const events = new EventEmitter()
  let said: Uint8Array[] = []
  const say = (bytes: Uint8Array): void => void said.push(bytes)
  const wire: Wire = {
    parse: (message) => say(serialize.parse(message)),
    bind: ({ statement, values }) => say(serialize.bind({ statement, values: [...values] })),
    describe: (message) => say(serialize.describe(message)),
    execute: (message) => say(serialize.execute(message)),
    close: (message) => say(serialize.close(message)),
    flush: () => say(serialize.flush()),
    sync: () => say(serialize.sync()),
    stream: Object.assign(new EventEmitter(), { cork() {}, uncork() {} }),
    once: (event, listener) => void events.once(event, listener),
    off: (event, listener) => void events.off(event, listener),
  }
  conversation.start(wire)
  while (said.length > 0) {
    const question = Buffer.concat(said)
    said = []
    const answer = await pglite.execProtocolRaw(question, { syncToFs: false })
    new Parser().parse(answer, (message) => {
      if (message instanceof messages.RowDescriptionMessage) conversation.handleRowDescription(message)
      else if (message instanceof messages.DataRowMessage) conversation.handleDataRow(message)
      else if (message instanceof messages.DatabaseError) conversation.handleError(message)
      else if (message.name === 'noData') events.emit('noData')
      else if (message.name === 'portalSuspended') conversation.handlePortalSuspended()
      else if (message.name === 'commandComplete') conversation.handleCommandComplete()
      else if (message.name === 'emptyQuery') conversation.handleEmptyQuery()
      else if (message.name === 'readyForQuery') conversation.handleReadyForQuery()
    })
    wire.stream.emit('data', answer)
  }
}

async function run({ statement, limits }: RunMessage): Promise<void> {
  const talk = createTalk(statement, { limits, prepared })
  const told = talk.result.then(
    (result) => post({ kind: 'result', result }),
    (error: unknown) => post({ kind: 'error', error: viewOf(error) }),
  )
  await converse(talk.conversation)
  await told
  if (await talk.ended) return
  await pglite.execProtocolRaw(Buffer.concat([serialize.sync(), serialize.query(endSql)]), { syncToFs: false })
}

async function close(): Promise<void> {
  await pglite.close()
  port.close()
}

function viewOf(error: unknown): Extract<FromThread, { kind: 'error' }>['error'] {
  if (!(error instanceof Error)) return { message: String(error), refused: false }
  const { message } = error
  if (!(error instanceof messages.DatabaseError)) return { message, refused: error instanceof Refused }
  const { code, severity, position } = error
  return { message, refused: false, code, severity, position }
}

let turn: Promise<void> = Promise.resolve()
port.on('message', (message: ToThread) => {
  turn = turn.then(() => (message.kind === 'run' ? run(message) : close()))
})
post({ kind: 'ready' })
