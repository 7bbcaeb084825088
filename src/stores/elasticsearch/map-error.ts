import { AquiferError, toAquiferError } from '../../core/errors.ts'

/** Errors of the client that mean: no answer, or none that could be read. */
const unanswered = new Set([
  'ConnectionError',
  'TimeoutError',
  'NoLivingConnectionsError',
  'RequestAbortedError',
  'DeserializationError',
])
const certificateFix = "Name the file of its authority's certificate in NODE_EXTRA_CA_CERTS."

/** An error of the client as one of ours. Its own text may hold hosts and values, so only its kind is kept as cause. */
export function mapElasticsearchError(error: unknown): AquiferError {
  if (error instanceof AquiferError) return error
  const { status, type } = describeFailure(error)
  const detail = type === '' ? '' : ` (${type})`
  const cause = new Error(`Elasticsearch client: ${nameOf(error)}${status === 0 ? '' : ` ${status}`}${detail}`)
  if (nameOf(error) === 'ProductNotSupportedError')
    return new AquiferError('LEXICAL_VERSION', 'What answers is not Elasticsearch.', { cause })
  // An older server does not know the media type that this client speaks.
  if (status === 406 || type === 'media_type_header_exception')
    return new AquiferError('LEXICAL_VERSION', 'This Elasticsearch is older than version 9.', { cause })
  if (status === 401 || (status === 403 && type !== 'cluster_block_exception'))
    return new AquiferError('LEXICAL_AUTH', 'Elasticsearch refused the credentials or lacks a right for them.', {
      cause,
    })
  if (type === 'certificate') {
    const message = 'The certificate of Elasticsearch is not trusted.'
    return new AquiferError('LEXICAL_UNREACHABLE', message, { cause, fix: certificateFix })
  }
  if (status === 404 && /^(|index_not_found_exception|alias_not_found_exception)$/.test(type))
    return new AquiferError('LEXICAL_NOT_READY', 'The index in Elasticsearch does not exist yet, or no longer.', {
      cause,
    })
  if (isTransient(status) || unanswered.has(nameOf(error)))
    return new AquiferError('LEXICAL_UNREACHABLE', `Elasticsearch cannot be reached or is overloaded${detail}.`, {
      cause,
    })
  if (status === 0) return toAquiferError(error)
  return new AquiferError('LEXICAL_REJECTED', `Elasticsearch refused a request${detail}.`, { cause })
}

/** Worth another try: overload, a full disk, a restart, a shard on its way. */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500
}

/** Status of the answer (0: there was none) and Elasticsearch's own name of the failure, both free of values. */
export function describeFailure(error: unknown): { readonly status: number; readonly type: string } {
  if (!(error instanceof Error)) return { status: 0, type: '' }
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 0
  const type = 'body' in error ? typeOf(error.body) : ''
  if (status !== 0) return { status, type }
  if (/certificate/i.test(error.message)) return { status, type: 'certificate' }
  return {
    status,
    type: /\bE[A-Z_]{4,}\b/.exec(error.message)?.[0] ?? (nameOf(error) === 'TimeoutError' ? 'timeout' : ''),
  }
}

/** Whether a query was refused for having more words than this server takes. */
export function hasTooManyClauses(error: unknown): boolean {
  return error instanceof Error && 'body' in error && /maxClauseCount|too_many_/.test(JSON.stringify(error.body) ?? '')
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

function typeOf(body: unknown): string {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined
  return typeof type === 'string' && /^[a-z_]+$/.test(type) ? type : ''
}
