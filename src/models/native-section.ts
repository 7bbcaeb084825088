/**
 * A process that ends while a thread of it is inside onnxruntime aborts (exit code 134, `Napi::Error`). So the thread marks
 * when it is inside, in memory that it shares with the main thread, and the end of the process waits for it to come out.
 */
export type NativeSection = Int32Array<SharedArrayBuffer>

const outside = 0
const inside = 1
const closed = 2

export function createNativeSection(): NativeSection {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** For the thread: throws without calling when the section was closed. */
export async function runInside<T>(section: NativeSection, native: () => Promise<T>): Promise<T> {
  if (Atomics.compareExchange(section, 0, outside, inside) !== outside) throw new Error('The process is ending.')
  try {
    return await native()
  } finally {
    Atomics.store(section, 0, outside)
    Atomics.notify(section, 0)
  }
}

/** For the main thread, which stands still meanwhile: lets nobody in any more, and waits until nobody is inside. */
export function closeSection(section: NativeSection, withinMs: number): void {
  const end = performance.now() + withinMs
  while (Atomics.compareExchange(section, 0, outside, closed) === inside) {
    const left = end - performance.now()
    if (left <= 0 || Atomics.wait(section, 0, inside, left) === 'timed-out') return
  }
}
