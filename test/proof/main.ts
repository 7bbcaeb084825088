import { commandOf, parseOptions, usage } from './options.ts'
import { runProof, type ProofResult } from './run-proof.ts'

const shownDivergences = 20

try {
  const { json, help, ...options } = parseOptions(process.argv.slice(2))
  if (help) console.log(usage)
  else {
    const result = await runProof(options, (text) => console.error(text))
    const { differing, ...figures } = result
    const failure = { differing: differing.slice(0, shownDivergences), replay: commandOf(options) }
    if (json) console.log(JSON.stringify(differing.length === 0 ? figures : { ...figures, ...failure }))
    else {
      console.log(toText(result))
      for (const one of failure.differing) console.log(`\n${one.source} ${one.key}: ${one.problem}\n${describe(one)}`)
      if (differing.length > 0) console.log(`\nTo do the same again: ${failure.replay}`)
    }
    process.exitCode = differing.length === 0 ? 0 : 1
  }
} catch (error) {
  console.error(error instanceof Error ? error.stack : error)
  process.exitCode = 2
}
// What a driver leaves open must not hold up a build.
process.exit()

function toText({
  operations,
  faults,
  divergences,
  slowest_freshness_ms,
  by_source,
  by_fault,
  exits,
  seconds,
}: ProofResult): string {
  const kinds = Object.entries(by_source).map(
    ([name, each]) =>
      `  ${name}: ${String(each.operations)} operations, found after ${String(each.freshness_p50_ms)} ms (median), ${String(each.slowest_freshness_ms)} ms (slowest)`,
  )
  const broken = Object.entries(by_fault).map(([name, count]) => `${name} ${String(count)}`)
  return [
    `${String(operations)} operations, ${String(faults)} faults, ${String(divergences)} divergences, slowest freshness ${String(slowest_freshness_ms)} ms`,
    ...kinds,
    `  faults: ${broken.join(', ')}; the program ended by itself ${String(exits)} times`,
    `  loading ${String(seconds.loading)} s, settling ${String(seconds.settling)} s, comparing ${String(seconds.comparing)} s`,
  ].join('\n')
}

function describe({ atSource, inLedger, inElasticsearch }: ProofResult['differing'][number]): string {
  const said = { 'at the source': atSource, 'in the ledger': inLedger, 'in Elasticsearch': inElasticsearch }
  return Object.entries(said)
    .map(([where, what]) => `  ${where}: ${JSON.stringify(what) ?? 'nothing'}`)
    .join('\n')
}
