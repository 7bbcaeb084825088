/** One thing that is not as it ought to be, and in which store. */
export interface Difference {
  /** '' where nobody knows any more. */
  readonly source: string
  readonly key: string
  readonly store: 'ledger' | 'vectors' | 'lexical'
  readonly what: 'record' | 'passage' | 'vector' | 'document'
  readonly kind: 'missing' | 'extra' | 'different'
}

export interface SourceFindings {
  readonly source: string
  /** Items, passages and documents that were read and compared. */
  compared: number
  missing: number
  extra: number
  different: number
  /** Of these, what could not be processed: see the dead letters. */
  deadLetters: number
  /** Records that an earlier version wrote, without noting what they were. */
  unchecked: number
  /** Not read yet when the comparison began, and in step since. */
  behind: number
  /** Changed so fast, or were synced so slowly, that nothing can be said of them. */
  undecided: number
  /** The source can't say what it holds. */
  isBlind: boolean
}

export interface Findings {
  /** Of a source; '' is for what belongs to none. */
  of(source: string): SourceFindings
  add(difference: Difference): void
  readonly sources: readonly SourceFindings[]
  /** The first of them. */
  readonly differences: readonly Difference[]
  readonly count: number
}

/** Counts everything and names the first `most`. */
export function collectFindings(most: number): Findings {
  const sources = new Map<string, SourceFindings>()
  const differences: Difference[] = []
  let count = 0
  const of = (source: string): SourceFindings => {
    const found = sources.get(source) ?? emptyFindings(source)
    sources.set(source, found)
    return found
  }
  return {
    of,
    add: (difference) => {
      of(difference.source)[difference.kind]++
      count++
      if (differences.length < most) differences.push(difference)
    },
    get sources() {
      return [...sources.values()]
    },
    differences,
    get count() {
      return count
    },
  }
}

function emptyFindings(source: string): SourceFindings {
  const counts = {
    compared: 0,
    missing: 0,
    extra: 0,
    different: 0,
    deadLetters: 0,
    unchecked: 0,
    behind: 0,
    undecided: 0,
  }
  return { source, ...counts, isBlind: false }
}
