/** One file as it is now. */
export interface TakenFile {
  /** In the folder or bucket, with /. */
  readonly path: string
  /** On this disk, where DuckDB reads it. */
  readonly local: string
  readonly bytes: number
  /** Changes with the content. */
  readonly stamp: string
}

/** Files at hand for as long as they are not disposed of. */
export interface TakenFiles extends Disposable {
  readonly files: readonly TakenFile[]
  /** Whether each is still what it was. */
  isCurrent(): Promise<boolean>
}

export interface Listing {
  /** In byte order; the same array as before if nothing was added or removed. */
  readonly paths: readonly string[]
  /** Folders that have to be readable, without symbolic links in them. */
  readonly folders: readonly string[]
}

/** Files that tables are read from, wherever they are kept. */
export interface FileStore extends AsyncDisposable {
  /** What there is; `fresh` allows no memory of a moment ago. METRIC_ENGINE_… errors where it can't be reached. */
  list(options: { readonly fresh: boolean; readonly signal: AbortSignal }): Promise<Listing>
  /** undefined where one of them is not what it was when it was listed. */
  take(paths: readonly string[], signal: AbortSignal): Promise<TakenFiles | undefined>
}
