import { AquiferError } from '../../core/errors.ts'
import { ask, type ElasticsearchContext } from './context.ts'
import { describeFailure } from './map-error.ts'

const neededPrivileges = ['manage', 'read', 'write'] as const

/** Reaches the server; LEXICAL_VERSION unless it is a 9, LEXICAL_AUTH unless the user may manage our indices. */
export async function checkServer(context: ElasticsearchContext): Promise<void> {
  const { version } = await ask(context, (client) => client.info())
  if (!version.number.startsWith('9.')) {
    throw new AquiferError('LEXICAL_VERSION', `This Elasticsearch is version ${version.number.slice(0, 20)}.`)
  }
  if (await mayManageIndices(context)) return
  throw new AquiferError(
    'LEXICAL_AUTH',
    `The user of Elasticsearch may not do all of ${neededPrivileges.join(', ')} on ${context.prefix}*.`,
    { fix: 'Grant its role these index privileges, or name another user in `lexical.elasticsearch`.' },
  )
}

async function mayManageIndices(context: ElasticsearchContext): Promise<boolean> {
  return ask(context, async (client) => {
    try {
      const names = [context.prefix, `${context.prefix}-*`]
      const answer = await client.security.hasPrivileges({ index: [{ names, privileges: [...neededPrivileges] }] })
      return answer.has_all_requested
    } catch (error) {
      // Without security, or with it switched off, there is nothing that answers and nothing that is refused.
      if ([400, 404, 405, 500].includes(describeFailure(error).status)) return true
      throw error
    }
  })
}
