import type { Db } from '../../core/db.ts'
import type { Ledger } from '../../core/ledger.ts'
import type { LedgerContext, LedgerOptions } from './context.ts'
import { isGenerationGone, mapPostgresError } from './map-error.ts'
import { admin } from './ops/admin.ts'
import { apiKeys } from './ops/api-keys.ts'
import { backup } from './ops/backup.ts'
import { claims, holder } from './ops/claims.ts'
import { commit } from './ops/commit.ts'
import { deadLetters } from './ops/dead-letters.ts'
import { editions } from './ops/editions.ts'
import { knownEmbeddings } from './ops/embeddings.ts'
import { feed } from './ops/feed.ts'
import { generations } from './ops/generations.ts'
import { keptAnswers } from './ops/kept-answers.ts'
import { leases } from './ops/leases.ts'
import { checkLexical } from './ops/lexical-index.ts'
import { lexicalLeg } from './ops/lexical-leg.ts'
import { metricChecks } from './ops/metric-checks.ts'
import { reads } from './ops/reads.ts'
import { readsForSync } from './ops/reads-for-sync.ts'
import { standings } from './ops/standings.ts'
import { removeSource } from './ops/remove-source.ts'
import { buildVectorIndex, mergeVectors } from './ops/vector-index.ts'
import { vectorLeg } from './ops/vector-leg.ts'
import { verifyReads } from './ops/verify-reads.ts'
import { verifyRepairs } from './ops/verify-repairs.ts'

/** The ledger on any Postgres. The schema must be up to date (`migrate`). Disposing it closes the database. */
export function createLedger(db: Db, options: LedgerOptions): Ledger {
  const context: LedgerContext = {
    db,
    options,
    vectorType: db.kind === 'embedded' ? 'vector' : 'halfvec',
    cache: {},
  }
  const operations: Omit<Ledger, typeof Symbol.asyncDispose> = {
    ...claims(context),
    ...readsForSync(context),
    knownEmbeddings: knownEmbeddings(context),
    commit: commit(context),
    finishLoad: () => buildVectorIndex(context),
    mergeVectors: mergeVectors(context),
    ...deadLetters(context),
    holder: holder(context),
    ...removeSource(context),
    ...feed(context),
    ...standings(context),
    ...vectorLeg(context),
    ...lexicalLeg(context),
    ...reads(context),
    ...generations(context),
    ...editions(context),
    ...verifyReads(context),
    ...verifyRepairs(context),
    checkLexical: checkLexical(context),
    ...metricChecks(context),
    ...keptAnswers(context),
    ...leases(context),
    ...admin(context),
    ...apiKeys(context),
    ...backup(context),
  }
  return { ...guarded(operations, context.cache), [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

/** Every operation maps the driver's errors, and runs once more when the generation was switched under it. */
function guarded<T extends Record<keyof T, (args: never) => Promise<unknown>>>(
  operations: T,
  cache: LedgerContext['cache'],
): T {
  const entries = Object.entries<(args: never) => Promise<unknown>>(operations).map(([name, run]) => [
    name,
    async (args: never) => {
      try {
        return await run(args).catch((error: unknown) => {
          if (!isGenerationGone(error)) throw error
          cache.generation = undefined
          return run(args)
        })
      } catch (error) {
        throw mapPostgresError(error)
      }
    },
  ])
  // Same keys, same signatures: only wrapped.
  return Object.fromEntries(entries) as T
}
