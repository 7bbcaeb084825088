import { once } from 'node:events'
import { createServer } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface HttpStandIn extends AsyncDisposable {
  readonly url: string
  /** Every request so far, as `METHOD /path` with the Authorization it carried. */
  readonly requests: readonly { readonly target: string; readonly authorization: string | undefined }[]
}

/** A server that gives fixed JSON answers: for what no real server at hand can be made to say. */
export async function openHttpStandIn(answer: (target: string) => Answer): Promise<HttpStandIn> {
  const requests: { target: string; authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    const target = `${request.method} ${request.url?.split('?')[0]}`
    requests.push({ target, authorization: request.headers.authorization })
    const { status, headers, body } = answer(target)
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
