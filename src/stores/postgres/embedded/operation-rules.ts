import type { Ledger } from '../../../core/ledger.ts'

/** How the owner treats an operation. Times count only while the process is awake. */
export interface OperationRules {
  /** Reads go before writes, as far as writes keep half of the time. */
  readonly lane: 'read' | 'write'
  /** An operation that runs longer is stopped, and the engine started again; absent: it may take what it takes. */
  readonly deadlineMs?: number
  /** An operation that waits longer for its turn fails; absent: it waits. */
  readonly patienceMs?: number
}

/** Opens the database and the operations on it, and does nothing: every process starts with it. */
export const openOperation = '$open'

export const openRules: OperationRules = { lane: 'write' }

export type LedgerOperation = Exclude<keyof Ledger, symbol>

const asked: OperationRules = { lane: 'read', deadlineMs: 10_000, patienceMs: 10_000 }
const read: OperationRules = { lane: 'read', deadlineMs: 30_000 }
const write: OperationRules = { lane: 'write', deadlineMs: 30_000 }
const long: OperationRules = { lane: 'write' }

/** `asked` is what somebody sits in front of; `long` is what somebody started knowing that it takes a while. */
export const ledgerRules: Readonly<Record<LedgerOperation, OperationRules>> = {
  vectorLeg: asked,
  lexicalLeg: asked,
  lexicalScores: asked,
  readChunks: asked,
  neighbours: asked,
  readRecord: asked,
  describeSources: asked,
  standings: asked,
  status: asked,
  generations: asked,
  editions: asked,
  findKey: asked,
  listKeys: asked,
  checkLexical: asked,
  deadLetters: asked,
  checkNotes: asked,
  keptAnswer: asked,
  keptStates: asked,
  cursors: read,
  keysAhead: read,
  known: read,
  knownEmbeddings: read,
  liveKeys: read,
  recordsByKey: read,
  feedRecords: read,
  holder: read,
  feedPage: read,
  projectionPositions: read,
  textsPage: read,
  embeddedHashes: read,
  generationPositions: read,
  readRecords: read,
  digestOfChunks: read,
  digestsOfChunks: read,
  strays: read,
  recordNames: read,
  deadKeys: read,
  claim: write,
  renew: write,
  release: write,
  commit: write,
  startFullRead: write,
  noteMadeWith: write,
  beginEdition: write,
  switchEditions: write,
  noteCompared: write,
  mergeVectors: write,
  addDeadLetters: write,
  settleDeadLetters: write,
  dropDeadLetters: write,
  advanceProjection: write,
  mendRecords: write,
  removeStrays: write,
  raiseFeed: write,
  distrust: write,
  requestFullRead: write,
  recount: write,
  noteVerified: write,
  resetProjection: write,
  noteChecks: write,
  keepAnswer: write,
  confirmAnswer: write,
  noteKeptFailure: write,
  forgetNumbers: write,
  takeLease: write,
  dropLease: write,
  secret: write,
  beginGeneration: write,
  fillGeneration: write,
  holdSources: write,
  addKey: write,
  revokeKey: write,
  ensureGeneration: long,
  indexGeneration: long,
  switchGeneration: long,
  dropGeneration: long,
  finishLoad: long,
  removeSource: long,
  forgetSource: long,
  dropEditions: long,
  forgetEditions: long,
  backup: long,
  restore: long,
}
