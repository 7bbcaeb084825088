import { expect, test } from 'vitest'
import { estimateTokens } from '../../src/core/tokens.ts'
import { instructionsOf } from '../../src/mcp/instructions.ts'
import { toolsOf } from '../../src/mcp/tool-list.ts'
import { memoryNumbers } from '../kit/memory-numbers.ts'

const withMetrics = { numbers: async () => memoryNumbers([]) }
const { tools, definitions } = toolsOf(withMetrics)

test('what clients are told of the tools is what was agreed on', async () => {
  await expect(`${JSON.stringify(definitions, null, 2)}\n`).toMatchFileSnapshot('mcp-tool-list.snapshot')
})

test('where no metrics are configured there is no tool for them, and no word of them', () => {
  expect(toolsOf({}).definitions).toEqual(definitions.slice(0, 4))
  expect(toolsOf({}).tools.map(({ name }) => name)).toEqual(['search', 'fetch', 'search_knowledge', 'describe_sources'])
  expect(instructionsOf({})).not.toContain('metric')
  expect(instructionsOf(withMetrics)).toContain('query_metrics')
})

test('all definitions together cost a client at most 3,000 tokens', () => {
  expect(estimateTokens(JSON.stringify(definitions))).toBeLessThanOrEqual(3000)
})

test('there are at most 12 tools, their names are short, and every one says what it is and that it only reads', () => {
  expect(tools.length).toBeLessThanOrEqual(12)
  for (const { name, title, description, annotations, inputSchema, outputSchema } of definitions) {
    expect(name).toMatch(/^(search|fetch|[a-z]+(_[a-z]+)+)$/)
    expect(name.length).toBeLessThanOrEqual(40)
    expect([title, description]).not.toContain(undefined)
    expect(annotations).toEqual({ title, readOnlyHint: true, idempotentHint: true, openWorldHint: false })
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(outputSchema).toMatchObject({ type: 'object' })
  }
})

test('search and fetch take one string each, as ChatGPT calls them', () => {
  const [search, fetch] = definitions
  expect(search).toMatchObject({ name: 'search', inputSchema: { required: ['query'] } })
  expect(Object.keys(search?.inputSchema.properties ?? {})).toEqual(['query'])
  expect(fetch).toMatchObject({ name: 'fetch', inputSchema: { required: ['id'] } })
  expect(Object.keys(fetch?.inputSchema.properties ?? {})).toEqual(['id'])
})

test('the instructions are at most 150 words', () => {
  expect(instructionsOf(withMetrics).split(/\s+/).length).toBeLessThanOrEqual(150)
})
