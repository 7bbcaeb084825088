import { fileURLToPath } from 'node:url'
import type * as Onnx from 'onnxruntime-node'
import { localDimensions } from './local-messages.ts'
import type { LocalWorkerData } from './local-messages.ts'
import { runInside } from './native-section.ts'

/** The loaded model. One run at a time. */
export interface LocalSession extends AsyncDisposable {
  /** One vector a row of token ids, end to end. */
  run(rows: readonly (readonly number[])[]): Promise<Float32Array>
}

/** No build of onnxruntime works on this machine; `cause` says why the native one did not. */
export class RuntimeMissingError extends Error {
  constructor(cause: unknown) {
    super(`onnxruntime has no build for ${process.platform}-${process.arch} here`, { cause })
    this.name = 'RuntimeMissingError'
  }
}

export async function openLocalSession({ cores, section }: LocalWorkerData): Promise<LocalSession> {
  const { InferenceSession, Tensor } = await runInside(section, loadRuntime)
  const session = await runInside(section, () =>
    InferenceSession.create(fileURLToPath(new URL('./all-MiniLM-L6-v2/model_w8.onnx', import.meta.url)), {
      intraOpNumThreads: cores,
      interOpNumThreads: 1,
      // A thread that spins while it waits takes the core from the one it waits for: two threads were slower than one.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    }),
  )
  return {
    run: async (rows) => {
      const width = Math.max(...rows.map((ids) => ids.length))
      const shape = [rows.length, width]
      const ids = new BigInt64Array(rows.length * width)
      const mask = new BigInt64Array(rows.length * width)
      for (const [row, tokens] of rows.entries())
        for (const [column, id] of tokens.entries()) {
          ids[row * width + column] = BigInt(id)
          mask[row * width + column] = 1n
        }
      const feeds = {
        input_ids: new Tensor('int64', ids, shape),
        attention_mask: new Tensor('int64', mask, shape),
        token_type_ids: new Tensor('int64', new BigInt64Array(rows.length * width), shape),
      }
      const answer = await runInside(section, () => session.run(feeds))
      const vectors = answer['sentence_embedding']?.data
      if (!(vectors instanceof Float32Array) || vectors.length !== rows.length * localDimensions)
        throw new Error('The model file does not answer as this program expects.')
      return vectors
    },
    [Symbol.asyncDispose]: () => runInside(section, () => session.release()),
  }
}

type Runtime = Pick<typeof Onnx, 'InferenceSession' | 'Tensor'>

/** The native build, else the WebAssembly one where somebody installed it (three to four times slower). */
async function loadRuntime(): Promise<Runtime> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    const wasm: string = 'onnxruntime-web'
    try {
      // An optional peer with the same interface, so the compiler can't look it up.
      return (await import(wasm)) as Runtime
    } catch {
      throw new RuntimeMissingError(cause)
    }
  }
}
