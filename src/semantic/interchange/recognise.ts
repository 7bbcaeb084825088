import { isMap } from './item.ts'

export type Format = 'metricflow' | 'osi'

const metricflowKeys = [
  'semantic_models',
  'semantic_model',
  'metrics',
  'metric',
  'saved_queries',
  'saved_query',
  'project_configuration',
]

/** What a document is, by what it holds; undefined where that has nothing to do with metrics. */
export function recognise(value: unknown): Format | undefined {
  if (!isMap(value)) return undefined
  const models = value['semantic_model']
  if (Array.isArray(models) && models.some((one) => isMap(one) && 'datasets' in one)) return 'osi'
  if (metricflowKeys.some((key) => isMap(value[key]) || Array.isArray(value[key]))) return 'metricflow'
  const ofDbt = value['models']
  return Array.isArray(ofDbt) && ofDbt.some(isSemantic) ? 'metricflow' : undefined
}

function isSemantic(model: unknown): boolean {
  return isMap(model) && ('semantic_model' in model || 'time_spine' in model)
}
