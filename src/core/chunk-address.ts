/** Chunks a record may have at most; also the width of the slot in a chunk's address. */
export const maxChunks = 65_536

/**
 * A chunk's address: record id × 65,536 + slot. One number is the primary key in the ledger and the document id in a
 * projection. A chunk whose text stays keeps its slot when its place in the record moves, so that nothing is written again.
 */
export function chunkAddress(recordId: number, slot: number): number {
  return recordId * maxChunks + slot
}

export function recordOfChunk(chunk: number): number {
  return Math.floor(chunk / maxChunks)
}

export function slotOfChunk(chunk: number): number {
  return chunk % maxChunks
}
