import type { ServerResponse } from 'node:http'
import { errorTable } from '../core/error-table.ts'
import { type ErrorCode, type ErrorView, kindTable } from '../core/errors.ts'

/** Where HTTP has a closer word than the error's kind. */
const statusOfCode: Partial<Record<ErrorCode, number>> = {
  KEY_INVALID: 401,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TOO_LARGE: 413,
}

export function statusOf(code: ErrorCode): number {
  return statusOfCode[code] ?? kindTable[errorTable[code].kind].http
}

export function sendError(response: ServerResponse, error: ErrorView, headers: Record<string, string> = {}): void {
  const { code, message, fix } = error
  send(response, statusOf(code), 'application/json', JSON.stringify({ error: { code, message, fix } }), headers)
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', JSON.stringify(body))
}

export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(body)
}
