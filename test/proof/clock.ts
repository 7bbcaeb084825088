/**
 * Loaded before the program (`node --import`): its wall clock stands `PROOF_CLOCK_MS` off, and jumps when the parent says so.
 * Timers and the monotonic clock go on as they do when somebody sets a machine's clock.
 */
const RealDate = Date
let offsetMs = Number(process.env['PROOF_CLOCK_MS'] ?? 0)
const now = (): number => RealDate.now() + offsetMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
})

process.on('message', (message) => {
  if (typeof message === 'number') offsetMs = message
})
// Whoever listens to the parent would never end.
process.channel?.unref()
