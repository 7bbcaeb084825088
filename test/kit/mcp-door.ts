import { isInputRequiredResult } from '@modelcontextprotocol/server'
import type { Caller } from '../../src/core/caller.ts'
import type { Knowledge } from '../../src/core/knowledge.ts'
import { createCallGate } from '../../src/mcp/call-gate.ts'
import { callTool } from '../../src/mcp/call-tool.ts'
import type { AskedNumbers, Door } from '../../src/mcp/door.ts'
import { openTestLog, type TestLog } from './test-log.ts'

export const admin: Caller = { id: 'local', groups: [], admin: true }
export const clerk: Caller = { id: 'clerk', groups: ['staff'], admin: false }

export interface TestDoor extends Door {
  readonly log: TestLog
  /** The result of a tools/call, with what it holds as structured content and as its one text item. */
  call(name: string, args: Record<string, unknown>, caller?: Caller): Promise<CallOutcome>
}

interface CallOutcome {
  readonly isError: boolean
  readonly content: unknown
  readonly texts: readonly string[]
  readonly meta: unknown
}

export function openDoor(knowledge: Knowledge, numbers?: AskedNumbers): TestDoor {
  const door = {
    knowledge: async () => knowledge,
    ...(numbers === undefined ? {} : { numbers: async () => numbers }),
    gate: createCallGate(),
    log: openTestLog(),
    version: '1.2.3',
  }
  return {
    ...door,
    call: async (name, args, caller = admin) => {
      // Nobody can be asked here, so that every result is one.
      const user = { answers: {}, ask: () => {} }
      const result = await callTool(door, { name, args, caller, signal: new AbortController().signal, user })
      if (isInputRequiredResult(result)) throw new Error('the user was asked')
      const { isError, content, structuredContent, _meta: meta } = result
      return {
        isError: isError === true,
        content: structuredContent,
        texts: content.map((item) => (item.type === 'text' ? item.text : item.type)),
        meta,
      }
    },
  }
}
