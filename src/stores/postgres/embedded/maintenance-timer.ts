/** Decides when the store is tidied up: soon after writing stops, and now and then when it doesn't. */
export interface MaintenanceTimer {
  wrote(): void
  /** A slice of the work has ended: is there more? */
  done(more: boolean): void
  /** No more slices. */
  stop(): void
}

const quietMs = 1000
const latestMs = 20_000
const betweenSlicesMs = 250

export function createMaintenanceTimer(runSlice: () => void): MaintenanceTimer {
  let dirtySince: number | undefined
  let timer: NodeJS.Timeout | undefined
  let slicing = false
  let stopped = false
  const schedule = (delayMs: number): void => {
    clearTimeout(timer)
    if (stopped || slicing) return
    timer = setTimeout(() => {
      slicing = true
      dirtySince = undefined
      runSlice()
    }, delayMs).unref()
  }
  return {
    wrote: () => {
      dirtySince ??= performance.now()
      schedule(Math.max(0, Math.min(quietMs, dirtySince + latestMs - performance.now())))
    },
    done: (more) => {
      slicing = false
      if (more) schedule(betweenSlicesMs)
      else if (dirtySince !== undefined) schedule(quietMs)
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
