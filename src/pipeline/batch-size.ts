import type { RecordWrite } from '../core/ledger-sync.ts'
import type { Put } from './map-change.ts'
import type { Delete } from './prepare-batch.ts'

/** How much is to be done with a change, as characters to embed. One that brings its vector costs a fraction of that. */
export function sizeOf(change: Put | Delete, vectorColumn: string | undefined): number {
  if (change.kind === 'delete') return 0
  if (change.content.kind === 'document') return change.content.document.text.length
  const { row } = change.content
  const given = vectorColumn !== undefined && row[vectorColumn] !== undefined && row[vectorColumn] !== null
  let characters = 0
  for (const [column, value] of Object.entries(row)) {
    if (given && column === vectorColumn) continue
    if (typeof value === 'string') characters += value.length
    else characters += value !== null && typeof value === 'object' ? JSON.stringify(value).length : 8
  }
  return given ? characters / 4 : characters
}

/** At least one slice, so that deletes, dead letters and the checkpoint are written without any put. */
export function sliceByChunks(puts: readonly RecordWrite[], target: number): readonly (readonly RecordWrite[])[] {
  const slices: RecordWrite[][] = [[]]
  let chunks = 0
  for (const put of puts) {
    if (chunks > 0 && chunks + put.chunks.length > target) {
      slices.push([])
      chunks = 0
    }
    slices.at(-1)?.push(put)
    chunks += Math.max(1, put.chunks.length)
  }
  return slices
}

/** Aims at three quarters of the allowed time, since one slow commit more than uses up the rest. */
export function nextTarget(target: number, tookMs: number, allowedMs: number, puts: readonly RecordWrite[]): number {
  const chunks = puts.reduce((sum, put) => sum + Math.max(1, put.chunks.length), 0)
  if (chunks < target / 2 && tookMs < allowedMs) return target
  const fitting = (chunks * allowedMs * 0.75) / Math.max(1, tookMs)
  return Math.round(Math.min(8000, Math.max(8, Math.min(fitting, target * 2))))
}
