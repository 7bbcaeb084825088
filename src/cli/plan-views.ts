import type { Plan, PlannedBuild, PlannedMapping } from '../pipeline/plan.ts'
import { isPending } from '../pipeline/plan.ts'
import { generationToJson } from './generation-views.ts'
import { duration, megabytes, table } from './table.ts'

export function planToJson(plan: Plan): object {
  const { build } = plan
  return {
    pending: isPending(plan),
    first: plan.isFirst,
    build: build === undefined ? null : buildToJson(build, plan.drift.generation),
    mappings: plan.mappings.map(mappingToJson),
    removed: plan.removed,
    next_sync: plan.nextSync,
    lost: losses(plan),
  }
}

function mappingToJson(mapping: PlannedMapping): object {
  const { source, records, passages, begins, read, tokensAtMost, costAtMost, secondsAtMost, dropped } = mapping
  return {
    source,
    records,
    passages,
    begins,
    read,
    tokens_at_most: tokensAtMost,
    cost_at_most: costAtMost ?? null,
    seconds_at_most: secondsAtMost,
    drops: dropped,
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
  parts.push(...plan.mappings.map(mappingToText))
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

const mapped = {
  new: () => 'read and mapped again, beside what answers',
  building: (read: number) =>
    `read and mapped again, beside what answers; an interrupted run has read ${count(read, 'record')}, and it goes on there`,
  kept: (read: number) =>
    `the mapping that is kept is that: its ${count(read, 'record')} get what changed since, and answer again`,
}

function mappingToText({ source, records, begins, read, ...most }: PlannedMapping): string {
  const cost =
    most.costAtMost === undefined
      ? ''
      : most.costAtMost === 0
        ? ', no money'
        : `, ${most.costAtMost.toFixed(2)} at the configured price`
  return [
    `Mapping of ${source}: ${count(records, 'record')}, ${mapped[begins](read)}.`,
    `  At most about ${count(most.tokensAtMost, 'token')} embedded${cost}, ${duration(most.secondsAtMost * 1000)}: if no passage stayed as it is. Reading the source comes on top.`,
  ].join('\n')
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
function losses({ build, mappings, removed, leftovers }: Plan): readonly string[] {
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
  if (mappings.length > 0) lines.push(...mappingLosses(mappings, build !== undefined))
  for (const source of leftovers) {
    lines.push(
      `A mapping of ${source} that an apply was stopped in is left, half read: \`aquifer generations drop ${source}\` frees its space.`,
    )
  }
  for (const { source, records } of removed) {
    lines.push(
      `${count(records, 'record')} of ${source} and what was set aside of it: only reading the source again brings them back, rollback does not.`,
    )
  }
  return lines
}

function mappingLosses(mappings: readonly PlannedMapping[], withBuild: boolean): readonly string[] {
  const names = mappings.map(({ source }) => source).join(', ')
  const unfollowed = mappings.filter(({ isFollowed }) => !isFollowed).map(({ source }) => source)
  const lines = [
    `Searches show ${names} as before until all of that is read, then it is switched in one step${withBuild ? ', after the generation' : ''}; \`aquifer rollback\` goes back.`,
    'Until then it is followed as before, by a watch that runs or by apply itself, but for the last round. A watch with the earlier configuration ends with the switch: start it again with this one.',
  ]
  if (unfollowed.length > 0) {
    lines.push(
      `Nobody follows ${unfollowed.join(', ')}, and how it was configured before is not known or can't be had: until the switch, what is deleted or withdrawn there is still found.`,
    )
  }
  for (const { source, dropped } of mappings) {
    if (dropped === 0) continue
    lines.push(`The mapping of ${source} that was kept until now is dropped: there is no going back to it.`)
  }
  return lines
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
