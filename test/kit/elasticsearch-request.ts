/** One request to Elasticsearch with the credentials of its URL; the parsed body, or an error with the status. */
export async function requestElasticsearch(url: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const base = new URL(url)
  const headers = new Headers(init.headers)
  if (base.username !== '') {
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  }
  if (init.body !== undefined) headers.set('content-type', 'application/json')
  const response = await fetch(new URL(path, base.origin), { signal: AbortSignal.timeout(30_000), ...init, headers })
  if (!response.ok) throw new Error(`Elasticsearch answered ${response.status} to ${init.method ?? 'GET'} ${path}`)
  return response.json()
}
