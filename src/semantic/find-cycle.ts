/** A way from a name back to itself, both ends named; undefined when there is none. */
export function findCycle(name: string, next: (name: string) => readonly string[]): readonly string[] | undefined {
  const visited = new Set<string>()
  const walk = (from: string, way: readonly string[]): readonly string[] | undefined => {
    for (const to of next(from)) {
      if (to === name) return [...way, to]
      if (visited.has(to)) continue
      visited.add(to)
      const found = walk(to, [...way, to])
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(name, [name])
}
