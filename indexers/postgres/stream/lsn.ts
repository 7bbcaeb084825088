const pageBytes = 8192n
const headerBytes = 40n

/** A place in the log, `16/B374D848`, as the number that it is. */
export function lsnNumber(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase()
}

const lsn = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i

export function isLsn(text: string): boolean {
  return lsn.test(text)
}

/** Whether both are places in the log and the first comes before the second; what was polled has no place there. */
export function isEarlierInLog(position: string, than: string): boolean {
  return isLsn(position) && isLsn(than) && lsnNumber(position) < lsnNumber(than)
}

/** At the start of a page the header is passed over, which nothing ever sends. */
export function withoutHeader(place: bigint): bigint {
  const inPage = place % pageBytes
  return inPage <= headerBytes ? place - inPage : place
}
