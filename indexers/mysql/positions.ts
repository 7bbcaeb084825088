import type { PositionOrder } from '../../src/core/position-order.ts'

/** GTIDs: a set of MySQL's holds another, or each domain of MariaDB's has got at least as far. */
export const gtidOrder: PositionOrder = {
  form: "a GTID, or a set of them, such as 0-1-42 (MariaDB's @@last_gtid) or 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-42 (MySQL's @@gtid_executed)",
  isPosition: (text) => parseDomains(text) !== undefined || parseSet(text) !== undefined,
  covers(at, wanted) {
    const domains = parseDomains(wanted)
    const sets = parseSet(wanted)
    if (domains !== undefined)
      return hasDomains(parseDomains(at), domains) ?? (parseSet(at) === undefined ? false : undefined)
    if (sets !== undefined) return hasSet(parseSet(at), sets) ?? (parseDomains(at) === undefined ? false : undefined)
    return false
  },
}

/** The last transaction of each domain; the server that made it does not matter, for a domain has one order. */
type Domains = ReadonlyMap<string, bigint>

function parseDomains(text: string): Domains | undefined {
  const domains = new Map<string, bigint>()
  for (const part of text.split(',')) {
    const [, domain, sequence] = /^\s*(\d{1,10})-\d{1,10}-(\d{1,20})\s*$/.exec(part) ?? []
    if (domain === undefined || sequence === undefined) return undefined
    const last = BigInt(sequence)
    if (last > (domains.get(domain) ?? -1n)) domains.set(domain, last)
  }
  return domains
}

function hasDomains(at: Domains | undefined, wanted: Domains): boolean | undefined {
  if (at === undefined) return undefined
  return [...wanted].every(([domain, sequence]) => (at.get(domain) ?? -1n) >= sequence)
}

interface Interval {
  readonly from: bigint
  readonly to: bigint
}

/** By server and tag: what it made, in order and with nothing adjoining. */
type GtidSet = ReadonlyMap<string, readonly Interval[]>

/** https://dev.mysql.com/doc/refman/8.4/en/replication-gtids-concepts.html, GTID Sets */
function parseSet(text: string): GtidSet | undefined {
  const found = new Map<string, Interval[]>()
  for (const part of text.split(',')) {
    const [server = '', ...items] = part.trim().toLowerCase().split(':')
    if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(server) || items.length === 0) return undefined
    let tag = ''
    for (const item of items) {
      const [, first, last] = /^\s*(\d{1,19})(?:-(\d{1,19}))?\s*$/.exec(item) ?? []
      if (first === undefined) {
        if (!/^[a-z_]\w{0,31}$/.test(item)) return undefined
        tag = item
        continue
      }
      const intervals = found.get(`${server}:${tag}`) ?? []
      found.set(`${server}:${tag}`, [...intervals, { from: BigInt(first), to: BigInt(last ?? first) }])
    }
  }
  return new Map([...found].map(([maker, intervals]) => [maker, merged(intervals)]))
}

function merged(intervals: readonly Interval[]): readonly Interval[] {
  const whole: Interval[] = []
  for (const { from, to } of intervals.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const last = whole.at(-1)
    if (last === undefined || from > last.to + 1n) whole.push({ from, to })
    else if (to > last.to) whole.splice(-1, 1, { from: last.from, to })
  }
  return whole
}

function hasSet(at: GtidSet | undefined, wanted: GtidSet): boolean | undefined {
  if (at === undefined) return undefined
  return [...wanted].every(([maker, intervals]) =>
    intervals.every(({ from, to }) => at.get(maker)?.some((own) => own.from <= from && to <= own.to) === true),
  )
}
