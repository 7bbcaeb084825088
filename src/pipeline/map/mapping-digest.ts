import type { Mapping } from '../../core/mapping.ts'

/** Raised whenever the same item would be parsed or mapped differently under the same configuration. */
const mapperVersion = 'map-2'

/** Everything of a source's configuration that shapes its records, as text: equal texts, equal records. */
export function mappingDigest({ title, text, url, fields, acl, readers: column, vector }: Mapping): string {
  const readers = column === undefined ? (acl === undefined ? null : 'public' in acl ? true : acl.groups) : { column }
  return JSON.stringify([mapperVersion, title ?? null, text ?? null, url ?? null, fields, readers, vector ?? null])
}
