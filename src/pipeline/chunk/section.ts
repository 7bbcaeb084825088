/** A heading and what stands above it; the root has no heading. */
export interface Section {
  readonly heading: string
  /** 1 for the strongest heading, 0 for the root. */
  readonly level: number
  readonly parent: Section | undefined
  readonly depth: number
}

export const rootSection = (): Section => ({ heading: '', level: 0, parent: undefined, depth: 0 })

export function openSection(current: Section, level: number, heading: string): Section {
  let parent = current
  while (parent.parent !== undefined && parent.level >= level) parent = parent.parent
  return { heading, level, parent, depth: parent.depth + 1 }
}

/** The deepest section that holds both. */
export function commonSection(a: Section, b: Section): Section {
  let left = a
  let right = b
  while (left !== right) {
    if (left.depth >= right.depth) {
      if (left.parent === undefined) return left
      left = left.parent
    } else {
      if (right.parent === undefined) return right
      right = right.parent
    }
  }
  return left
}

/** Headings from the outermost to this one. */
export function trailOf(section: Section): string[] {
  const trail: string[] = []
  for (let at: Section | undefined = section; at !== undefined; at = at.parent) {
    if (at.heading !== '') trail.push(at.heading)
  }
  return trail.toReversed()
}
