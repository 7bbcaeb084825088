/** What the local model does on this machine: `node bench/embedding.ts [SECONDS] [THREADS] [CORES A THREAD]`. */
import { availableParallelism, cpus } from 'node:os'
import type { Embedder } from '../src/core/embedder.ts'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { openWordPiece } from '../src/models/word-piece.ts'

const seconds = Number(process.argv[2] ?? 5)
const [threads, cores] = process.argv.slice(3).map(Number)
const options = { ...(threads === undefined ? {} : { threads }), ...(cores === undefined ? {} : { cores }) }
const { countTokens } = await openWordPiece()

/** English of so many word pieces, [CLS] and [SEP] included, different for each number. */
function passage(tokens: number, number: number): string {
  const words = 'the table of orders keeps every sale with its date price and customer in one row'.split(' ')
  const start = String(number % 1000)
  const rest = Array.from({ length: tokens - 2 - countTokens(start) }, (_, i) => words[(i * 7 + number) % words.length])
  return [start, ...rest].join(' ')
}

async function textsPerSecond(embedder: Embedder, tokens: number): Promise<number> {
  const texts = Array.from({ length: 64 }, (_, i) => passage(tokens, i))
  const started = performance.now()
  let count = 0
  while (performance.now() - started < seconds * 1000) {
    await embedder.embed(texts, { as: 'passage' })
    count += texts.length
  }
  return count / ((performance.now() - started) / 1000)
}

/** Milliseconds of one question after another, in ascending order. */
async function questionTimes(embedder: Embedder): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const started = performance.now()
    await embedder.embed([`which customers bought most in week ${times.length}?`], { as: 'query' })
    times.push(performance.now() - started)
  }
  return times.toSorted((a, b) => a - b)
}

function quantiles(times: readonly number[]): string {
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${times.length})`
}

/** The longest time for which this thread could not run, in milliseconds. */
function watchEventLoop(): { stop(): number } {
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 10)
    last = performance.now()
  }, 10)
  return {
    stop: () => {
      clearInterval(timer)
      return longest
    },
  }
}

const opened = performance.now()
await using embedder = openLocalEmbedder(options)
await embedder.ready()
const loadMs = performance.now() - opened
await embedder.embed([passage(200, 0)], { as: 'passage' })

const short = await textsPerSecond(embedder, 23)
const long = await textsPerSecond(embedder, 200)
const alone = await questionTimes(embedder)
const callers = await Promise.all(Array.from({ length: 16 }, () => questionTimes(embedder)))

const abort = new AbortController()
const job = embedder.embed(
  Array.from({ length: 1000 }, (_, i) => passage(200, i)),
  { as: 'passage', signal: abort.signal },
)
const stopped = job.catch(() => undefined)
await embedder.embed(['warm'], { as: 'query' })
const loop = watchEventLoop()
const beside = await questionTimes(embedder)
const blockedMs = loop.stop()
abort.abort()
await stopped

const text = Array.from({ length: 3000 }, (_, i) => passage(200, i)).join('\n')
const counting = performance.now()
countTokens(text)
const countMs = performance.now() - counting

const rows: readonly (readonly [string, string])[] = [
  ['machine', `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`],
  ['model loaded and ready', `${loadMs.toFixed(0)} ms`],
  ['passages of 23 tokens', `${short.toFixed(0)} texts/s`],
  ['passages of 200 tokens', `${long.toFixed(1)} texts/s`],
  ['a question, nothing else running', quantiles(alone)],
  ['a question, 16 callers at once', quantiles(callers.flat().toSorted((a, b) => a - b))],
  ['16 callers at once, together', `${(callers.flat().length / seconds).toFixed(0)} questions/s`],
  ['a question, beside a long passage job', quantiles(beside)],
  ['event loop held up at most, meanwhile', `${blockedMs.toFixed(0)} ms`],
  ['counting tokens', `${(text.length / 1000 / countMs).toFixed(1)} MB/s`],
  ['memory of the process, at most', `${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`],
]
for (const [what, value] of rows) console.log(`${what.padEnd(40)} ${value}`)
