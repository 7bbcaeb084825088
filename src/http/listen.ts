import type { Server } from 'node:http'
import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import { AquiferError } from '../core/errors.ts'

/** Binds the address; throws PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_INVALID. */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  try {
    await promise
  } catch (error) {
    throw bindError(error, host, port)
  } finally {
    server.removeListener('error', reject)
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no network address')
  return address
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only programs of this machine reach the address that was really bound. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function bindError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const cause = { cause: error }
  if (code === 'EADDRINUSE') return new AquiferError('PORT_IN_USE', `Port ${port} of ${host} is in use.`, cause)
  if (code === 'EACCES') return new AquiferError('PORT_FORBIDDEN', `This user may not bind port ${port}.`, cause)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EINVAL') {
    return new AquiferError('ADDRESS_INVALID', `${host} is not an address of this machine.`, cause)
  }
  return error
}
