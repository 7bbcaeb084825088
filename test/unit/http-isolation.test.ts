import { expect, test } from 'vitest'
import type { Caller } from '../../src/core/caller.ts'
import { mcpAnswer, mcpCall, openHttp } from '../kit/http-door.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { toolCall } from '../kit/raw-stdio.ts'

const names = ['anna', 'ben', 'cleo', 'dora']
const records = names.map((name) => ({ id: `${name}:1`, title: `Of ${name}`, text: 'kettle', acl: [name] }))
const callers = new Map(
  names.map((name): [string, Caller] => [`key-${name}`, { id: name, groups: [name], admin: false }]),
)

test(
  '2,000 interleaved calls of four callers with the same ids: each gets its own answer',
  { timeout: 60_000 },
  async () => {
    const knowledge = memoryKnowledge(records, { delayMs: () => Math.random() * 4 })
    await using door = await openHttp({
      knowledge: async () => knowledge,
      callers: { find: async (key) => callers.get(key) },
    })
    let right = 0
    const one = async (turn: number): Promise<void> => {
      const name = names[turn % names.length] ?? ''
      const query = `kettle ${name} ${String(turn)}`
      const call = toolCall(turn % 7, 'search_knowledge', { query })
      const headers = { authorization: `Bearer key-${name}` }
      expect(mcpAnswer(await door.ask('/mcp', mcpCall(call, headers)))).toMatchObject({
        id: turn % 7,
        result: { structuredContent: { query, hits: [{ id: `${name}:1` }] } },
      })
      right++
    }
    const lanes = Array.from({ length: 40 }, async (_, lane) => {
      for (let i = 0; i < 50; i++) await one(lane * 50 + i)
    })
    await Promise.all(lanes)
    expect(right).toBe(2000)
  },
)
