import { connect } from 'node:net'
import type { Client } from 'pg'
import { cancelKeyOf } from './wire.ts'

const cancelRequestCode = 80_877_102
const cancelWithinMs = 2000

/**
 * Asks the server to end what this connection runs, with the protocol's own request: it needs no login and no free
 * connection. Never fails; resolves when the server has taken it.
 */
export function cancelStatement(client: Client): Promise<void> {
  const key = cancelKeyOf(client)
  if (key === undefined) return Promise.resolve()
  const request = Buffer.alloc(16)
  for (const [index, value] of [16, cancelRequestCode, key.processId].entries()) request.writeInt32BE(value, index * 4)
  request.writeInt32BE(key.secretKey, 12)
  return new Promise((resolve) => {
    const { host, port } = client
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${String(port)}`) : connect(port, host)
    socket.setTimeout(cancelWithinMs, () => socket.destroy())
    socket.on('error', () => {})
    // The server answers nothing and closes.
    socket.on('close', () => resolve())
    socket.end(request)
    socket.resume()
  })
}
