import type { Queryable } from '../../../core/db.ts'
import type {
  Generation,
  GenerationSettings,
  LedgerGenerations,
  WantedGeneration,
} from '../../../core/ledger-generations.ts'
import { activeGeneration, type LedgerContext } from '../context.ts'
import { fillGeneration } from './fill-generation.ts'
import { readGenerations } from './generation-reads.ts'
import { createTables, dropTables } from './generation-tables.ts'
import { ensureLexical } from './lexical-index.ts'
import { switchGeneration } from './switch-generation.ts'
import { buildVectorIndex } from './vector-index.ts'

type Languages = Readonly<Record<string, string>>

/** Generations: a set of tables each, filled beside the active one and switched to in one transaction. */
export function generations(context: LedgerContext): LedgerGenerations {
  const { db } = context
  return {
    ...readGenerations(context),
    ensureGeneration: async ({ languages, ...settings }) => {
      const generation =
        (await activeGeneration(db)) ??
        (await db.transaction(async (tx) => {
          await tx.exec('lock table generation in exclusive mode')
          return (await activeGeneration(tx)) ?? (await createTables(tx, context, settings, { state: 'active' }))
        }))
      await ensureLexical(context, generation.id, languages)
      const isDifferent = differs(generation, settings)
      // Also of one that an earlier version built, or whose endpoint has moved since.
      if (!isDifferent) await noteMadeWith(db, generation.id, settings)
      return { generation, differs: isDifferent }
    },
    beginGeneration: ({ languages, ...settings }) =>
      db.transaction(async (tx) => {
        await tx.exec('lock table generation in exclusive mode')
        const rows = await tx.query<Generation & { languages: Languages }>(
          `select id, state, model, dimensions, chunker, languages from generation where state <> 'active' order by state desc`,
        )
        for (const { languages: held, ...generation } of rows) {
          if (!differs(generation, settings) && isSame(held, languages)) {
            await noteMadeWith(tx, generation.id, settings)
            return generation
          }
          if (generation.state === 'building') await dropTables(tx, generation.id)
        }
        return createTables(tx, context, settings, { state: 'building', languages })
      }),
    fillGeneration: fillGeneration(context),
    indexGeneration: async ({ generation, languages }) => {
      await ensureLexical(context, generation, languages)
      await buildVectorIndex(context, generation)
    },
    ...switchGeneration(context),
  }
}

async function noteMadeWith(
  queryable: Queryable,
  generation: number,
  { madeWith }: Pick<WantedGeneration, 'madeWith'>,
): Promise<void> {
  if (madeWith === undefined) return
  await queryable.query(`update generation set made_with = $2 where id = $1 and made_with is distinct from $2::jsonb`, [
    generation,
    JSON.stringify(madeWith),
  ])
}

function differs(generation: GenerationSettings, settings: GenerationSettings): boolean {
  return (
    generation.model !== settings.model ||
    generation.dimensions !== settings.dimensions ||
    generation.chunker !== settings.chunker
  )
}

/** Whether every source that the generation knows is in the language wanted; one that is wanted no more may be in any. */
function isSame(held: Languages, wanted: Languages): boolean {
  return Object.entries(held).every(([source, language]) => (wanted[source] ?? language) === language)
}
