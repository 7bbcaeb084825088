import type { Json } from '../../schemas/record.ts'
import { markRepeats, selectSql } from './batch.ts'
import type { Batch } from './batch.ts'
import type { PostgresSource } from './config.ts'
import { parseCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { addMark, readRunning, settleMarks } from './marks.ts'
import type { Running } from './marks.ts'
import type { ParseValue } from './parse-value.ts'
import { checkHistory, isWhole, planRound } from './plan.ts'
import type { Plan } from './plan.ts'
import { hold, readHeld } from './read-held.ts'
import type { Held } from './read-held.ts'
import { readPages } from './read-pages.ts'
import { inspect, placeOf, shapeOf } from './relation.ts'
import type { Relation } from './relation.ts'
import { readMoment } from './server.ts'
import type { Moment, Server } from './server.ts'
import type { Run, Session } from './session.ts'
import { bytesSql, column, keySql } from './sql.ts'
import { parsersOf } from './tree/parsers.ts'
import type { Types } from './types.ts'

/** One source and what reading it takes. */
export interface Reader {
  readonly name: string
  readonly source: PostgresSource
  readonly session: Session
  readonly server: Server
  readonly types: Types
  readonly digest: (canonical: string) => string
}

/** One look at a source: what it finds, and where the next one goes on. */
export interface Round {
  readonly relation: Relation
  readonly parsers: readonly ParseValue[]
  readonly position: string
  /** The cursor once the round has ended. */
  readonly end: Cursor
  /** Whether this reads everything, rather than what changed. */
  readonly isPass: boolean
  /** Whether what changes during a pass can be found afterwards. */
  readonly canCatchUp: boolean
  /** Whether not all that was read shows this moment. */
  readonly isSpread: boolean
  batches(): AsyncIterable<Batch>
}

export async function beginRound(reader: Reader, saved: Json | undefined, afterPass = false): Promise<Round> {
  const { name, source, session } = reader
  const place = placeOf(name, source)
  const before = source.cursor === undefined ? undefined : await readRunning(session, place)
  const look = await session.transaction(place, (run) => lookAround(run, reader, saved, afterPass))
  const after = source.cursor === undefined ? undefined : await readRunning(session, place)
  const { relation, parsers, plan, moment, held } = look
  const end = endOf(look, before, after)
  return {
    relation,
    parsers,
    position: look.top ?? `snapshot ${moment.xmax}`,
    end,
    isPass: plan.kind === 'pass',
    isSpread: (look.cursor !== undefined && look.cursor.pass !== null) || (plan.kind === 'pass' && held === undefined),
    canCatchUp: !look.whole && (relation.hasXmin || end.marks.safe !== null),
    batches: () => batchesOf(session, relation, plan, held),
  }
}

interface Look {
  readonly relation: Relation
  readonly parsers: readonly ParseValue[]
  readonly moment: Moment
  readonly shape: string
  readonly whole: boolean
  /** Where the last round ended; absent for a new pass. */
  readonly cursor: Cursor | undefined
  readonly plan: Plan
  /** Highest value of the cursor column. */
  readonly top: string | null
  readonly held: Held | undefined
}

async function lookAround(
  run: Run,
  { name, source, server, types, digest }: Reader,
  saved: Json | undefined,
  afterPass: boolean,
): Promise<Look> {
  const moment = await readMoment(run, server)
  const relation = await inspect(run, name, source, moment)
  const shape = digest(JSON.stringify(['shape', source, ...shapeOf(relation)]))
  const whole = isWhole(relation, source.mode)
  // Even where nothing tells which rows changed, something may tell that none did.
  const isTold = !whole || (source.mode === 'poll' && relation.wide?.settles === true)
  const cursor = isTold ? parseCursor(saved, relation.place) : undefined
  if (cursor !== undefined) checkHistory(cursor, relation, shape, moment)
  const plan = planRound(cursor, relation, moment, afterPass)
  const top = await readTop(run, relation, cursor?.marks.safe ?? null)
  const parsers = await parsersOf(run, types, relation)
  const held = await holdRows(run, relation, plan, server.encoding)
  return { relation, parsers, moment, shape, whole, cursor, plan, top, held }
}

async function readTop(run: Run, { cursor, from }: Relation, safe: string | null): Promise<string | null> {
  if (cursor === undefined) return null
  const value = column(cursor.name)
  const above = safe === null ? '' : ` and ${value} >= $1`
  const sql = `select max(${value})::text from ${from} where ${cursor.boundedSql}${above}`
  return (await run(sql, safe === null ? [] : [safe])).rows[0]?.[0] ?? null
}

/** Where the rows can't be paged, or are few, the server reads them all in this moment and keeps them for us. */
async function holdRows(run: Run, relation: Relation, plan: Plan, encoding: string): Promise<Held | undefined> {
  if (plan.kind === 'nothing' || (plan.kind === 'pass' && relation.order !== undefined)) return undefined
  const key = bytesSql(keySql(relation.key), encoding)
  const order = relation.order === undefined ? ` order by ${key}` : ''
  if (plan.kind === 'changed') return hold(run, `${selectSql(relation)} where ${plan.where}${order}`, plan.values)
  const [after] = plan.after
  if (after === undefined) return hold(run, `${selectSql(relation)}${order}`, [])
  const rest = `${key} > ${bytesSql('$1::text', encoding)} or ${key} is null`
  return hold(run, `${selectSql(relation)} where ${rest}${order}`, [after])
}

async function* batchesOf(
  session: Session,
  relation: Relation,
  plan: Plan,
  held: Held | undefined,
): AsyncGenerator<Batch> {
  if (plan.kind === 'nothing') return
  const { order, place } = relation
  if (held !== undefined) yield* markRepeats(readHeld(session, place, held))
  else if (order !== undefined)
    yield* readPages(session, { ...relation, order }, plan.kind === 'pass' ? plan.after : [])
}

/**
 * A pass that goes on where it was killed keeps the moment at which it began: the rows it already passed may have
 * changed since then, and the round after it reads everything that did.
 */
function endOf(look: Look, before: Running | undefined, after: Running | undefined): Cursor {
  const { cursor, moment, relation } = look
  if (cursor !== undefined && cursor.pass !== null) return { ...cursor, pass: null }
  const marks = cursor?.marks ?? { safe: null, pending: [] }
  return {
    version: 1,
    history: moment.history,
    shape: look.shape,
    parts: relation.parts,
    xmin: moment.xmin,
    xmax: moment.xmax,
    asOf: moment.asOf,
    marks:
      before === undefined || after === undefined
        ? marks
        : addMark(settleMarks(marks, before), look.top, moment, after),
    pass: null,
  }
}
