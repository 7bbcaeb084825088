export type FileKind = 'parquet' | 'csv' | 'json'

const ending = /\.(?:(parquet)|(csv|tsv)(?:\.gz|\.zst)?|(?:json|jsonl|ndjson)(?:\.gz|\.zst)?)$/i

/** How a file is read, by the ending of its name; undefined for what is not data. */
export function fileKind(path: string): FileKind | undefined {
  const found = ending.exec(path)
  if (found === null) return undefined
  if (found[1] !== undefined) return 'parquet'
  return found[2] === undefined ? 'json' : 'csv'
}

/** `2024/orders` of `2024/orders.csv.gz`. */
export function withoutEnding(path: string): string {
  return path.replace(ending, '')
}

/** `2024/orders.csv.gz` has the part `orders.csv.gz` below the folder `2024`; a file at the top is below the folder ''. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const end = path.lastIndexOf('/')
  return { folder: end === -1 ? '' : path.slice(0, end), name: path.slice(end + 1) }
}
