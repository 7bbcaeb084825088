/** Turns texts into vectors of one model. All models stand behind one gateway. */
export interface Embedder extends AsyncDisposable {
  /**
   * Identifies the vectors: two embedders of one id give the same vector for the same text. Ends in the dimensions, so it
   * is known when they are.
   */
  readonly model: string
  /** Length of each vector: known at once where the configuration says it, else after the first `ready` or `embed`. */
  readonly dimensions: number
  /** The longest text that is embedded whole, in tokens; the rest of a longer one is cut. */
  readonly maxTokens: number
  /**
   * Resolves when the first text can be embedded at once: a local model is loaded, an endpoint has answered once.
   * Repeatable, and free from the second time on; may fail with any EMBEDDING_ code.
   */
  ready(): Promise<void>
  /** One answer a text, in order. A text that the model refuses is an error of its own; the others succeed. */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>
}

export interface EmbedOptions {
  /** Some models embed questions and passages differently. */
  readonly as: 'passage' | 'query'
  readonly signal?: AbortSignal
}

export interface Embedded {
  /** L2-normalised vectors, or why there is none (EMBEDDING_REJECTED). */
  readonly vectors: readonly (Float32Array | Error)[]
  readonly tokens: number
  /** In the currency of pricePerMillionTokens; 0 where no price is configured or the model is local. */
  readonly cost: number
}
