import type { Plan, PlannedBuild } from '../pipeline/plan.ts'
import { isPending } from '../pipeline/plan.ts'
import { generationToJson } from './generation-views.ts'
import { duration, megabytes, table } from './table.ts'

export function planToJson(plan: Plan): object {
  const { build } = plan
  return {
    pending: isPending(plan),
    first: plan.isFirst,
    build: build === undefined ? null : buildToJson(build, plan.drift.generation),
    mappings: plan.mappings.map(({ tokensAtMost, ...rest }) => ({ ...rest, tokens_at_most: tokensAtMost })),
    removed: plan.removed,
    next_sync: plan.nextSync,
    lost: losses(plan),
  }
}

function buildToJson(build: PlannedBuild, reasons: readonly string[]): object {
  return {
    reasons,
    answering: build.answering.id,
    begins: build.begins,
    passages: build.passages,
    reused: build.reused,
    embedded: build.afresh,
    tokens: build.tokens,
    exact: build.isExact,
    cost: build.cost ?? null,
    seconds: build.seconds,
    seconds_measured: build.isMeasured,
    bytes: build.bytes,
    drops: build.dropped === undefined ? null : generationToJson(build.dropped),
    blocked: build.blocked,
    sources: build.sources.map(({ source, records, passages, reused, afresh, tokens, isExact }) => ({
      source,
      records,
      passages,
      reused,
      embedded: afresh,
      tokens,
      exact: isExact,
    })),
  }
}

export function planToText(plan: Plan): string {
  if (plan.isFirst) return 'Nothing has been indexed yet: `aquifer sync` builds what aquifer.yaml says.'
  const parts: string[] = []
  if (plan.build !== undefined) parts.push(buildToText(plan.build, plan.drift.generation))
  for (const { source, records, tokensAtMost } of plan.mappings) {
    parts.push(
      `Mapping of ${source}: ${count(records, 'record')} read and mapped again, in place; at most about ${count(tokensAtMost, 'token')} embedded.`,
    )
  }
  for (const { source, records, passages } of plan.removed)
    parts.push(`Removal of ${source}: ${count(records, 'record')} with ${count(passages, 'passage')}.`)
  const lost = losses(plan)
  if (lost.length > 0) parts.push(['What is lost or has to be known:', ...lost.map((line) => `  - ${line}`)].join('\n'))
  if (!isPending(plan)) parts.push('The ledger is built with what aquifer.yaml says: there is nothing to apply.')
  const first = plan.nextSync.filter(({ why }) => why === 'new').map(({ source }) => source)
  const again = plan.nextSync.filter(({ why }) => why === 'options').map(({ source }) => source)
  if (first.length > 0) parts.push(`The next sync reads ${first.join(', ')} for the first time.`)
  if (again.length > 0)
    parts.push(`The next sync reads ${again.join(', ')} from the start: it reads from elsewhere now.`)
  return parts.join('\n\n')
}

const begun = {
  new: 'A new generation is built beside the one that answers, from the texts in the ledger.',
  building: 'The generation that an interrupted run left half built is finished, beside the one that answers.',
  kept: 'The generation that is kept is that: it gets what changed since, and answers again.',
}

function buildToText(build: PlannedBuild, reasons: readonly string[]): string {
  const about = build.isExact ? '' : 'about '
  const rows = build.sources.map(({ source, records, passages, reused, afresh, tokens, isExact }) => [
    source,
    ...[records, passages, reused, afresh, tokens].map((number) => number.toLocaleString('en-US')),
    isExact ? '' : 'estimated from a sample',
  ])
  const cost =
    build.cost === undefined
      ? 'unknown: `embedding.pricePerMillionTokens` is not set'
      : build.cost === 0
        ? 'none'
        : `${about}${build.cost.toFixed(2)}, at the configured price`
  return [
    `Changed: ${reasons.join('; ')}.`,
    begun[build.begins],
    '',
    table(['source', 'records', 'passages', 'vectors kept', 'to embed', 'tokens', ''], rows),
    '',
    `Passages ${about}${build.passages.toLocaleString('en-US')}, of which ${build.reused.toLocaleString('en-US')} keep their vector`,
    `Tokens   ${about}${build.tokens.toLocaleString('en-US')}`,
    `Money    ${cost}`,
    `Time     about ${duration(build.seconds * 1000)}${build.isMeasured ? '' : ' (a guess: nothing was measured with this model yet)'}`,
    `Disk     about ${megabytes(build.bytes)} more in the ledger while both generations are there, and its words again in Elasticsearch if that is used`,
  ].join('\n')
}

/** What nobody should find out afterwards. */
function losses({ build, mappings, removed }: Plan): readonly string[] {
  const lines: string[] = []
  if (build !== undefined) {
    const { answering, dropped, wanted, blocked } = build
    lines.push(`Generation ${String(answering.id)} is kept until the next apply: \`aquifer rollback\` goes back to it.`)
    if (dropped !== undefined)
      lines.push(`Generation ${String(dropped.id)}, kept until now, is dropped: there is no going back to it.`)
    if (answering.model !== wanted.model) {
      lines.push(
        'Servers that run with the earlier model find by words only once it is switched: restart them with this configuration.',
      )
    }
    lines.push(
      'A watch with the earlier configuration goes on until it is switched, then ends: start it again with this one.',
    )
    if (blocked.length > 0) {
      lines.push(
        `Rows of ${blocked.join(', ')} bring vectors of another length: apply refuses, \`aquifer sync --full\` reads them again.`,
      )
    }
  }
  if (mappings.length > 0) {
    lines.push(
      'A mapping changes in place: until all is read, old and new records are found side by side, and rollback does not bring the old ones back (put the old mapping back and apply again).',
    )
  }
  for (const { source, records } of removed) {
    lines.push(
      `${count(records, 'record')} of ${source} and what was set aside of it: only reading the source again brings them back, rollback does not.`,
    )
  }
  return lines
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
