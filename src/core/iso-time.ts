/** A time as Postgres writes a `timestamptz`, in the form of ISO 8601 and UTC. */
export function isoTime(text: string): string {
  return new Date(text).toISOString()
}
