export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'space'
  readonly text: string
  /** Its position among the tokens. */
  readonly at: number
}

const pattern =
  /(?<space>(?:\s+|--[^\n]*|\/\*[^]*?\*\/)+)|(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_][\w$]*)|(?<symbol>[^])/g

/** SQL in pieces that together are the text again. */
export function sqlTokens(sql: string): readonly SqlToken[] {
  return [...sql.matchAll(pattern)].map(({ groups = {}, 0: text }, at) => {
    const [kind = 'symbol'] = Object.entries(groups).find(([, found]) => found !== undefined) ?? []
    // The groups of the pattern are the kinds.
    return { kind: kind as SqlToken['kind'], text, at }
  })
}

/** A name as SQL reads it: without its quotes. */
export const nameOf = ({ kind, text }: SqlToken): string | undefined =>
  kind === 'word' ? text : kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : undefined

export const isPlain = (sql: string): boolean => /^[A-Za-z_][\w$]*$/.test(sql)
