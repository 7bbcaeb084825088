import type { Command } from 'commander'
import { addMetricsCheck } from './metrics/check.ts'
import { addMetricsDescribe } from './metrics/describe.ts'
import { addMetricsExport } from './metrics/export.ts'
import { addMetricsImport } from './metrics/import.ts'
import { addMetricsList } from './metrics/list.ts'
import { addMetricsQuery } from './metrics/query.ts'
import { addMetricsValues } from './metrics/values.ts'
import { addMetricsVerify } from './metrics/verify.ts'

export function addMetrics(program: Command): void {
  const group = program.command('metrics').description('Governed numbers, as the folder `metrics` defines them')
  addMetricsList(group)
  addMetricsDescribe(group)
  addMetricsQuery(group)
  addMetricsValues(group)
  addMetricsCheck(group)
  addMetricsVerify(group)
  addMetricsImport(group)
  addMetricsExport(group)
}
