const longestValue = 512

/** How a field's value stands in a record's facets and in a filter: `name=value`, a long value cut alike on both sides. */
export function facet(name: string, value: string | number | boolean): string {
  return `${name}=${String(value).slice(0, longestValue).toWellFormed()}`
}
