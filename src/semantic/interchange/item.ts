/** A file as read, or one of its documents, with a way from a path to its place (`models/orders.yml:12:5`). */
export interface SourceDocument {
  readonly value: unknown
  place(path: readonly PropertyKey[], at: 'key' | 'value'): string
}

/** One value of what is imported. It knows where it stands and which of its keys nobody has read. */
export interface Item {
  readonly value: unknown
  readonly path: readonly (string | number)[]
  readonly place: string
  /** A key's value; undefined where it is missing or says nothing (null or empty text). */
  get(key: string): Item | undefined
  /** A list's items; what is no list is the only one. */
  items(): readonly Item[]
  /** Marks keys, or everything below, as known and of no meaning here. */
  ignore(...keys: readonly string[]): void
  ignoreAll(): void
  /** Everything below that says something and was not read, the outermost of it. */
  unread(): readonly Item[]
}

export function createItem(document: SourceDocument, path: Item['path'] = [], value = document.value): Item {
  const read = new Map<string | number, Item>()
  const ignored = new Set<string>()
  let isIgnored = false
  const child = (key: string | number, of: unknown): Item => {
    const known = read.get(key)
    if (known !== undefined) return known
    const made = createItem(document, [...path, key], of)
    read.set(key, made)
    return made
  }
  const self: Item = {
    value,
    path,
    get place() {
      return document.place(path, 'value')
    },
    get: (key) => {
      const of = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
      if (of === undefined || of === null || of === '') return undefined
      return child(key, of)
    },
    items: () => (Array.isArray(value) ? value.map((of: unknown, index) => child(index, of)) : [self]),
    ignore: (...keys) => {
      for (const key of keys) ignored.add(key)
    },
    ignoreAll: () => {
      isIgnored = true
    },
    unread: () => {
      if (isIgnored) return []
      return entriesOf(value).flatMap(([key, of]) => {
        if (isSilent(of) || ignored.has(String(key))) return []
        return read.get(key)?.unread() ?? [createItem(document, [...path, key], of)]
      })
    },
  }
  return self
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function entriesOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((of: unknown, index) => [index, of] as const)
  return isMap(value) ? Object.entries(value) : []
}

/** What generated files write where nothing was said. */
function isSilent(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  if (Array.isArray(value)) return value.every(isSilent)
  return isMap(value) && Object.values(value).every(isSilent)
}
