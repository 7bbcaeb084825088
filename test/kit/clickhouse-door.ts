/**
 * ClickHouse's HTTP interface as far as its client needs it, before the engine that `chdb` is: settings, parameters,
 * refusals and kills are ClickHouse's own. `node test/kit/clickhouse-door.ts FOLDER [PORT]` prints its port.
 */
import { text } from 'node:stream/consumers'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Session } from 'chdb'

const [folder = '', port = '0'] = process.argv.slice(2)
const administrator = new Session(folder)

const literal = (value: string): string => `'${value.replace(/['\\]/g, '\\$&')}'`

/** What is not a setting in the address of a request. */
const others = new Set(['query_id', 'database', 'query'])

/** The engine gives its queries ids of its own, so ours goes along as a comment. */
const kill = (id: string): void =>
  void administrator.query(`KILL QUERY WHERE Settings['log_comment'] = ${literal(id)} ASYNC`)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://door')
  const [, sql = '', format = 'TabSeparated'] = /^(.*?)(?:\sFORMAT (\w+))?\s*$/s.exec(await text(request)) ?? []
  if (sql.startsWith('KILL QUERY')) {
    kill(searchParams.get('param_id') ?? '')
    response.end()
    return
  }
  const id = searchParams.get('query_id') ?? ''
  response.on('close', () => {
    const isGiven = searchParams.get('cancel_http_readonly_queries_on_client_close') === '1'
    if (isGiven && !response.writableFinished) kill(id)
  })
  const session = new Session(folder)
  try {
    const profile = profileOf(request)
    if (profile !== undefined) session.query(`SET readonly = ${profile}`)
    const database = searchParams.get('database')
    if (database !== null) session.query(`USE \`${database}\``)
    const settings = [...searchParams].filter(([name]) => !others.has(name))
    const changes = [...settings, ['log_comment', id]].map(([name = '', value = '']) => `${name} = ${literal(value)}`)
    session.query(`SET ${changes.toSorted().join(', ')}`)
    for await (const bytes of bytesOf(session, sql, format)) {
      if (response.destroyed) break
      if (!response.write(bytes)) await drained(response)
    }
    response.end()
  } catch (error) {
    const message = String(error instanceof Error ? error.message : error).replace(/^Query failed: /, '')
    if (!response.headersSent) response.statusCode = 500
    response.end(`${message}\n`)
  } finally {
    session.close()
  }
}

const newline = 10

/** The user `readonly_2` has 2 in their profile. */
function profileOf(request: IncomingMessage): string | undefined {
  const login = Buffer.from(request.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString()
  return /^readonly_(\d):/.exec(login)?.[1]
}

/** Only what reads can be streamed, and every piece of that begins with names and types again. */
async function* bytesOf(session: Session, sql: string, format: string): AsyncGenerator<Uint8Array> {
  try {
    let isFirst = true
    for await (const chunk of session.queryStream(sql, { format })) {
      const bytes = chunk.raw()
      const headerEnd = bytes.indexOf(newline, bytes.indexOf(newline) + 1) + 1
      yield isFirst || !format.endsWith('WithNamesAndTypes') ? bytes : bytes.subarray(headerEnd)
      isFirst = false
    }
  } catch (error) {
    if (!String(error).includes('Streaming query is not supported')) throw error
    yield (await session.queryAsync(sql, { format })).bytes()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    response.once('close', resolve)
  })
}

const server = createServer((request, response) => void answer(request, response))
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(address.port)
})
