import type { IncomingMessage } from 'node:http'
import { AquiferError } from '../core/errors.ts'

const maxBodyBytes = 1_000_000

/** The whole body as text; REQUEST_TOO_LARGE as soon as it is known to be too long. */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes > maxBodyBytes) reject(tooLarge())
    else chunks.push(chunk)
  })
  request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  request.once('error', (error) => reject(unread(error)))
  request.once('close', () => {
    if (!request.complete) reject(unread(undefined))
  })
  return promise
}

function tooLarge(): AquiferError {
  return new AquiferError('REQUEST_TOO_LARGE', `The request is larger than ${maxBodyBytes} bytes.`)
}

function unread(cause: unknown): AquiferError {
  return new AquiferError('REQUEST_INVALID', 'The request ended before its body was whole.', { cause })
}
