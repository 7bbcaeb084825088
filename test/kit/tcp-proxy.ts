import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** The server's URL, by way of this proxy. */
  readonly url: string
  /** Breaks every connection and takes no more. */
  cut(): void
  /** Keeps every connection, and new ones, but lets nothing through in either direction. */
  hang(): void
  /** Ends a cut or a hang; what waited goes on. */
  restore(): void
  /** Breaks the connection on which something is sent next, and takes new ones. */
  breakNext(): void
  /** Breaks every connection once this many bytes more went towards the server. */
  cutAfter(bytes: number): void
}

/** A network between a client and a real server that a test can break; on any port, where none is given. */
export async function openTcpProxy(serverUrl: string, port = 0): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let broken = false
  let hanging = false
  let bytesLeft = Number.POSITIVE_INFINITY
  let breaksNext = false

  const cut = (): void => {
    broken = true
    bytesLeft = Number.POSITIVE_INFINITY
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((near) => {
    if (broken) return near.destroy()
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
      socket.on('error', () => socket.destroy())
    }
    if (hanging) for (const socket of [near, far]) socket.pause()
    near.on('data', (data) => {
      if (breaksNext) {
        breaksNext = false
        return far.destroy()
      }
      bytesLeft -= data.length
      if (bytesLeft < 0) return cut()
      return far.write(data)
    })
    far.on('data', (data) => near.write(data))
    return near
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(serverUrl)
  if (typeof address === 'object' && address !== null) url.port = String(address.port)
  return {
    url: url.href,
    cut,
    hang: () => {
      hanging = true
      for (const socket of sockets) socket.pause()
    },
    restore: () => {
      broken = false
      hanging = false
      for (const socket of sockets) socket.resume()
    },
    breakNext: () => {
      breaksNext = true
    },
    cutAfter: (bytes) => {
      bytesLeft = bytes
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
