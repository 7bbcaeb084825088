/** A local time of a zone (`2020-01-31T10:00:00.5`) in milliseconds since 1970; undefined for what is none. */
export function toInstant(local: string, zone: string): number | undefined {
  const wanted = Date.parse(`${local.length === 10 ? `${local}T00:00:00` : local.replace(' ', 'T')}Z`)
  if (Number.isNaN(wanted)) return undefined
  if (zone === 'UTC') return wanted
  // The second step mends what lies just beside a change of the clocks.
  const first = wanted - offsetAt(wanted, zone)
  return wanted - offsetAt(first, zone)
}

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant)
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((one) => one.type === type)?.value)
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return shown - Math.floor(instant / 1000) * 1000
}
