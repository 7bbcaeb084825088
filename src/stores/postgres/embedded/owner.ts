import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { serialize } from 'node:v8'
import { AquiferError, toAquiferError, toErrorView } from '../../../core/errors.ts'
import type { LedgerOptions } from '../context.ts'
import { createFrameReader, encodeFrame, protocolVersion, type Frame } from './frames.ts'
import type { Link } from './link.ts'
import { forgetOwner, noteOwner } from './owner-address.ts'
import type { OwnerLock } from './owner-lock.ts'
import { openOperation } from './operation-rules.ts'
import type { OperationsHost } from './operations-host.ts'
import { storageError } from './storage-error.ts'

interface OwnerSettings {
  readonly dir: string
  readonly address: string
  readonly version: string
  readonly lock: OwnerLock
  readonly host: OperationsHost
  readonly options: LedgerOptions
}

/**
 * Serves this process and, over a socket that only this user can reach, all others that open the folder. It listens
 * before the database is open, so that they know whom to wait for. Disposing it closes the database and frees the lock.
 */
export async function startOwner({ dir, address, version, lock, host, options }: OwnerSettings): Promise<Link> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serveSocket(socket, host, version)
  })
  const close = async (): Promise<void> => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await host[Symbol.asyncDispose]()
    // Address and note are ours as long as we hold the lock.
    if (process.platform !== 'win32') await rm(address, { force: true })
    await forgetOwner(dir)
    lock[Symbol.dispose]()
  }
  try {
    if (process.platform !== 'win32') await rm(address, { force: true })
    await listen(server, address)
    if (process.platform !== 'win32') await chmod(address, 0o600)
    await noteOwner(dir, address)
    await host.run({ operation: openOperation, options, body: serialize(undefined) })
  } catch (error) {
    await close()
    throw storageError(error, dir) ?? error
  }
  return {
    run: (operation, options, body) => host.run({ operation, options, body }),
    lost: new Promise(() => undefined),
    [Symbol.asyncDispose]: close,
  }
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new AquiferError('DIR_NO_LOCKS', `No socket can be made at ${address}.`, { cause }))
    })
    server.listen(address, () => {
      server.removeAllListeners('error')
      server.on('error', () => undefined)
      server.unref()
      resolve()
    })
  })
}

function serveSocket(socket: Socket, host: OperationsHost, version: string): void {
  socket.unref()
  socket.on('error', () => socket.destroy())
  const send = (frame: Buffer): void => {
    if (!socket.destroyed) socket.write(frame)
  }
  send(encodeFrame({ kind: 'hello', protocol: protocolVersion, version, pid: process.pid }))
  const answer = async ({ header, body }: Frame): Promise<void> => {
    if (header.kind === 'ping') return send(encodeFrame({ kind: 'pong' }))
    if (header.kind !== 'call') return
    const { id, operation, options } = header
    try {
      const result = await host.run({ operation, options, body, isGone: () => socket.destroyed })
      send(encodeFrame({ kind: 'answer', id }, result))
    } catch (error) {
      send(encodeFrame({ kind: 'error', id, error: toErrorView(toAquiferError(error)) }))
    }
  }
  const read = createFrameReader((frame) => void answer(frame))
  socket.on('data', (piece) => {
    try {
      read(piece)
    } catch {
      socket.destroy()
    }
  })
}
