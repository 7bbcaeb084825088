import type { SourceConfig } from '../core/config.ts'

/** The name and the type of the source that the definitions of metrics are; taken where `metrics:` is configured. */
export const metricsSourceName = 'metrics'

/** The metrics' own cards as a source, so that they are kept in step and found like everything else. */
export function metricsSource(path: string): SourceConfig {
  return {
    name: metricsSourceName,
    type: metricsSourceName,
    connection: undefined,
    options: { path },
    mapping: { title: '{title}', text: '{text}', fields: ['status', 'owner'], acl: undefined, readers: 'readers' },
    language: 'english',
    owner: undefined,
    description: 'Governed metrics: what each number means; query_metrics computes them',
    freshness: { warnMs: undefined, errorMs: undefined },
    everyMs: 10_000,
    compareMs: 10_000,
  }
}
