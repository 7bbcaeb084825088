import type { NativeSection } from './native-section.ts'

/** What the thread that holds the local model is told. */
export type ToWorker =
  | { readonly kind: 'embed'; readonly id: number; readonly texts: readonly string[]; readonly as: 'passage' | 'query' }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' }

/** What it answers. `vectors` holds one vector a text, end to end; a text without any token leaves zeros. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly reason: 'no-runtime' | 'no-model'; readonly error: Error }
  | { readonly kind: 'embedded'; readonly id: number; readonly vectors: Float32Array; readonly tokens: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: Error }

/** What the thread is started with. */
export interface LocalWorkerData {
  readonly cores: number
  readonly section: NativeSection
}

export const localModel = 'all-MiniLM-L6-v2'
export const localDimensions = 384
/** The model card's limit, [CLS] and [SEP] included. */
export const localMaxTokens = 256
