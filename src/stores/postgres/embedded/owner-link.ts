import { connect, type Socket } from 'node:net'
import { serialize } from 'node:v8'
import { AquiferError, fromErrorView } from '../../../core/errors.ts'
import type { LedgerOptions } from '../context.ts'
import { createFrameReader, encodeFrame, protocolVersion, type Header } from './frames.ts'
import { LinkLost, type Link } from './link.ts'
import { openOperation } from './operation-rules.ts'
import { startTicks } from './ticks.ts'

interface LinkSettings {
  readonly address: string
  readonly version: string
  readonly options: LedgerOptions
  /** How to name the owner when it says nothing. */
  readonly ownerName: string
  /** Silence after which the owner counts as hung; it answers pings whatever its database does. */
  readonly silenceMs: number
  /** Ends connecting. */
  readonly signal: AbortSignal
}

interface Call {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** Whether somebody listens at this address: a process that lives, be it busy or stopped. */
export async function isAnswered(address: string): Promise<boolean> {
  const socket = await connectTo(address)
  socket?.destroy()
  return socket !== undefined
}

/** The way to the owner's engine, or undefined when nobody listens. LEDGER_BUSY when the owner is hung or another version. */
export async function connectToOwner(settings: LinkSettings): Promise<Link | undefined> {
  const socket = await connectTo(settings.address)
  if (socket === undefined) return undefined
  const link = createLink(socket, settings)
  const stop = (): void => void link[Symbol.asyncDispose]()
  settings.signal.addEventListener('abort', stop, { once: true })
  try {
    await link.run(openOperation, settings.options, serialize(undefined))
    return link
  } catch (error) {
    await link[Symbol.asyncDispose]()
    if (error instanceof LinkLost) return undefined
    throw error
  } finally {
    settings.signal.removeEventListener('abort', stop)
  }
}

function connectTo(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

function createLink(socket: Socket, { version, silenceMs, ownerName }: Omit<LinkSettings, 'signal'>): Link {
  const calls = new Map<number, Call>()
  const { promise: lost, resolve: breakLink } = Promise.withResolvers<void>()
  let lastId = 0
  let silentMs = 0
  let end: Error | undefined
  const finish = (error: Error): void => {
    end ??= error
    stopTicks()
    socket.destroy()
    breakLink()
    for (const call of calls.values()) call.reject(end)
    calls.clear()
  }
  const stopTicks = startTicks(silenceMs / 5, (awakeMs) => {
    if (calls.size === 0) return
    silentMs += awakeMs
    if (silentMs > silenceMs) finish(hung(ownerName))
    else socket.write(encodeFrame({ kind: 'ping' }))
  })
  const hear = (header: Header, body: Uint8Array): void => {
    silentMs = 0
    if (header.kind === 'hello') {
      if (header.protocol !== protocolVersion || header.version !== version) finish(otherVersion(header, version))
    } else if (header.kind === 'answer' || header.kind === 'error') {
      const call = calls.get(header.id)
      calls.delete(header.id)
      if (calls.size === 0) socket.unref()
      if (header.kind === 'error') call?.reject(fromErrorView(header.error))
      else call?.resolve(body)
    }
  }
  const read = createFrameReader(({ header, body }) => hear(header, body))
  socket.on('data', (piece) => {
    try {
      read(piece)
    } catch {
      finish(new LinkLost())
    }
  })
  socket.on('error', () => finish(new LinkLost()))
  socket.once('close', () => finish(new LinkLost()))
  return {
    lost,
    run: (operation, options, body) =>
      new Promise((resolve, reject) => {
        if (end !== undefined) return reject(end instanceof AquiferError ? new LinkLost() : end)
        if (calls.size === 0) silentMs = 0
        const id = ++lastId
        calls.set(id, { resolve, reject })
        socket.ref()
        socket.write(encodeFrame({ kind: 'call', id, operation, options }, body))
      }),
    [Symbol.asyncDispose]: () => {
      finish(new LinkLost())
      return Promise.resolve()
    },
  }
}

function hung(ownerName: string): AquiferError {
  return new AquiferError('LEDGER_BUSY', `${ownerName} owns the embedded store and does not answer.`)
}

function otherVersion(hello: Extract<Header, { kind: 'hello' }>, version: string): AquiferError {
  return new AquiferError(
    'LEDGER_BUSY',
    `Process ${String(hello.pid)} owns the embedded store and runs Aquifer ${hello.version}, this is ${version}.`,
    { fix: 'End that process, or run the same version.' },
  )
}
