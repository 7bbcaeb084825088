import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Status } from '../../schemas/search.ts'
import type { ObservedCall } from '../mcp/door.ts'

export interface Metrics {
  readonly contentType: string
  readonly observeCall: (call: ObservedCall) => void
  readonly observeRequest: (route: string, status: number) => void
  /** Prometheus text of the process, its requests, and these sources and stores. */
  readonly render: (view: MetricsView) => Promise<string>
}

/** What is known of sources and stores; undefined when they could not be asked. */
export type MetricsView = Pick<Status, 'sources' | 'stores'> | undefined

/** Seconds, as OpenTelemetry's conventions for MCP advise, with two finer ones below. */
const buckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const calls = new Histogram({
    name: 'mcp_server_operation_duration_seconds',
    help: 'Duration of tool calls, waiting included',
    labelNames: ['mcp_method_name', 'gen_ai_tool_name', 'error_type'],
    buckets,
    registers: [registry],
  })
  const requests = new Counter({
    name: 'aquifer_http_requests_total',
    help: 'HTTP requests answered',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    observeCall: ({ tool, seconds, error = '' }) =>
      calls.observe({ mcp_method_name: 'tools/call', gen_ai_tool_name: tool, error_type: error }, seconds),
    observeRequest: (route, status) => requests.inc({ route, status }),
    render: async (view) => `${await registry.metrics()}\n${await renderView(view)}`,
  }
}

function renderView(view: MetricsView): Promise<string> {
  const { sources, stores } = view ?? { sources: [], stores: [] }
  const registry = new Registry()
  new Gauge({ name: 'aquifer_up', help: '1 when sources and stores could be asked', registers: [registry] }).set(
    view === undefined ? 0 : 1,
  )
  const gauge = <T>(
    name: string,
    help: string,
    label: 'source' | 'store',
    items: readonly (T & { readonly name: string })[],
    valueOf: (item: T) => number | null,
  ): void => {
    const made = new Gauge({ name, help, labelNames: [label], registers: [registry] })
    for (const item of items) {
      const value = valueOf(item)
      if (value !== null) made.set({ [label]: item.name }, value)
    }
  }
  gauge('aquifer_source_records', 'Live records', 'source', sources, (source) => source.records)
  gauge('aquifer_source_chunks', 'Passages of live records', 'source', sources, (source) => source.chunks)
  gauge('aquifer_source_lag_seconds', 'Age of the last state known to be in step', 'source', sources, (source) =>
    source.lag_ms === null ? null : source.lag_ms / 1000,
  )
  gauge('aquifer_source_dead_letters', 'Records set aside', 'source', sources, (source) => source.dead_letters)
  gauge('aquifer_source_failed', '1 when the last sync failed', 'source', sources, (source) =>
    source.state === 'failed' ? 1 : 0,
  )
  gauge('aquifer_store_chunks', 'Passages in the store', 'store', stores, (store) => store.chunks)
  gauge('aquifer_store_behind_records', 'Records not yet projected', 'store', stores, (store) => store.behind)
  return registry.metrics()
}
