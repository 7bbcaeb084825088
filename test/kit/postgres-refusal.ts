import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** A door that refuses everybody, as Postgres does when it asks for a password by SCRAM and gets a wrong one or none. */
export interface RefusingPostgres extends AsyncDisposable {
  readonly host: string
}

export async function openRefusingPostgres(): Promise<RefusingPostgres> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let answers = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      // Start-up, then the client's nonce, then its proof; without a password it stops after the nonce, and stays.
      answers += 1
      if (answers === 1) socket.write(message('R', int32(10), text('SCRAM-SHA-256'), text('')))
      else if (answers === 2) socket.write(message('R', int32(11), Buffer.from(challenge(data))))
      else socket.end(message('E', Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0')))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function challenge(data: Buffer): string {
  const nonce = /r=([^,]+)$/.exec(data.toString('latin1'))?.[1] ?? ''
  return `r=${nonce}server,s=${Buffer.from('salt').toString('base64')},i=4096`
}

function message(kind: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}
