import { expect, inject, test } from 'vitest'
import { openDuckdb, openMariadb, openPostgres, allTables } from '../kit/differential/databases.ts'
import { generateLayer } from '../kit/differential/generate-layer.ts'
import { compareKept, newTally } from '../kit/kept-differences.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const seeds = Number(process.env['AQUIFER_KEPT_SEEDS'] ?? 12)
const first = Number(process.env['AQUIFER_KEPT_FIRST'] ?? 1)

test.for(['duckdb', 'postgres', 'mysql'] as const)(
  'what is answered from the ledger is what %s would have said',
  { timeout: 60_000 + seeds * 20_000 },
  async (kind, { skip }) => {
    const server = kind === 'duckdb' ? undefined : inject(kind === 'mysql' ? 'mariadb' : kind)
    if (server !== undefined && !('url' in server)) {
      skip(server.missing)
      return
    }
    const share = kind === 'duckdb' ? seeds : Math.ceil(seeds / 2)
    const layers = Array.from({ length: share }, (_, index) => generateLayer(first + index))
    await using dir = await openTempDir()
    const tables = allTables(layers)
    const url = server?.url ?? ''
    await using engine =
      kind === 'duckdb'
        ? await openDuckdb(tables, dir.path)
        : await (kind === 'postgres' ? openPostgres : openMariadb)(tables, url, dir.path)
    const tally = newTally()
    for (const layer of layers) await compareKept(layer, engine, { tally, kept: 6, variants: 12 })
    if (process.env['AQUIFER_KEPT_SEEDS'] !== undefined) {
      const ways = [...tally.ways].toSorted((a, b) => b[1] - a[1])
      console.log(kind, tally.asked, tally.answered, tally.wrong.length, JSON.stringify(ways))
    }
    expect(tally.wrong.slice(0, 5)).toEqual([])
    expect(tally.answered).toBeGreaterThan(tally.asked / 8)
  },
)
