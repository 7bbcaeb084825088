import type { Json } from '../../schemas/record.ts'
import { estimateTokens } from '../core/tokens.ts'
import { cleanFields } from './untrusted-text.ts'

/** As many fields as fit into so many tokens, in order and cleaned, and the names of the others. */
export function fitFields(
  all: Readonly<Record<string, Json>>,
  tokens: number,
): { readonly fields: Record<string, Json>; readonly omitted: string[] } {
  const fields: Record<string, Json> = {}
  const omitted: string[] = []
  let room = tokens
  for (const [name, value] of Object.entries(cleanFields(all))) {
    const cost = estimateTokens(JSON.stringify([name, value]))
    if (cost > room) omitted.push(name)
    else {
      room -= cost
      fields[name] = value
    }
  }
  return { fields, omitted }
}
