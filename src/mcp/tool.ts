import type { z } from 'zod'
import type { Caller } from '../core/caller.ts'
import type { Knowledge } from '../core/knowledge.ts'
import type { AskedNumbers } from './door.ts'
import { parseArguments } from './parse-arguments.ts'
import type { User } from './user.ts'

/** What one call runs with; made anew for every call. */
export interface ToolContext {
  readonly knowledge: () => Promise<Knowledge>
  readonly numbers: () => Promise<AskedNumbers>
  readonly caller: Caller
  readonly signal: AbortSignal
  readonly user: User
  /** Says something that the output has no room for; it travels in the result's `_meta`. */
  readonly notice: (text: string) => void
}

/** Hints in the words of MCP. */
export interface ToolAnnotations {
  readonly readOnlyHint: boolean
  readonly idempotentHint: boolean
  readonly openWorldHint: boolean
}

/** What every tool here is: it only reads, can be repeated, and reaches nothing but this service's own stores. */
export const readOnly: ToolAnnotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: false }

interface ToolParts<In extends z.ZodObject, Out extends z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: In
  readonly output: Out
  readonly annotations: ToolAnnotations
  run(input: z.output<In>, context: ToolContext): Promise<z.output<Out>>
}

export interface Tool extends Omit<ToolParts<z.ZodObject, z.ZodObject>, 'run'> {
  /** Arguments as they came; ARGUMENT_INVALID names the wrong one. The answer conforms to `output`. */
  run(args: unknown, context: ToolContext): Promise<Record<string, unknown>>
}

export function defineTool<In extends z.ZodObject, Out extends z.ZodObject>(parts: ToolParts<In, Out>): Tool {
  return { ...parts, run: (args, context) => parts.run(parseArguments(parts.input, args), context) }
}
