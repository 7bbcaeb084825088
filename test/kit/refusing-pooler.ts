import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * A pooler between a client and a real Postgres which, as some do, takes no settings at the start of a session. `await
 * using` ends it. It tells how often it refused.
 */
export interface RefusingPooler extends AsyncDisposable {
  readonly url: string
  readonly refused: () => number
}

export async function openRefusingPooler(serverUrl: string): Promise<RefusingPooler> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let refused = 0
  const server = createServer((near) => {
    sockets.add(near)
    near.on('error', () => near.destroy())
    near.once('data', (startup: Buffer) => {
      if (startup.includes('options\0')) {
        refused += 1
        near.end(errorResponse('unsupported startup parameter: options'))
        return
      }
      const far = connect(Number(target.port), target.hostname)
      far.on('error', () => near.destroy())
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
      far.write(startup)
      near.pipe(far).pipe(near)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(serverUrl)
  if (typeof address === 'object' && address !== null) url.port = String(address.port)
  return {
    url: url.href,
    refused: () => refused,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function errorResponse(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
