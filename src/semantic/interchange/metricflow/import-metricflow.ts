import type { Draft } from '../draft.ts'
import { isMap, type Item } from '../item.ts'
import { list, text } from '../read-item.ts'
import type { Context, ImportOptions } from './context.ts'
import { convertDbtTimeSpine, convertTimeSpine, customGrainsOf } from './convert-calendar.ts'
import { convertDbtModel, semanticName } from './convert-dbt-model.ts'
import { convertMetric, metricSource } from './convert-metric.ts'
import { convertModel } from './convert-model.ts'
import { convertQuery } from './convert-query.ts'
import { noteDivisions, noteMissingCalendar } from './notes.ts'
import { proxyMetrics } from './proxy-metrics.ts'

/** What else stands in dbt's files. */
const ofDbt = [
  'version',
  'analyses',
  'data_tests',
  'exposures',
  'functions',
  'groups',
  'macros',
  'seeds',
  'snapshots',
  'sources',
  'tests',
  'unit_tests',
]

/** Everything of a manifest or of dbt's files that is about metrics, wherever in them it stands. */
export function importMetricflow(roots: readonly Item[], options: ImportOptions, draft: Draft): void {
  const all = (many: string, one: string): readonly Item[] =>
    roots.flatMap((root) => {
      const single = root.get(one)
      return [...list(root, many), ...(single === undefined ? [] : [single])].filter(({ value }) => isMap(value))
    })
  const models = all('semantic_models', 'semantic_model')
  const dbtModels = roots.flatMap((root) => list(root, 'models')).filter(({ value }) => isMap(value))
  const configurations = roots.flatMap((root) => root.get('project_configuration') ?? [])
  const spines = configurations.flatMap((one) => [
    ...list(one, 'time_spine_table_configurations'),
    ...list(one, 'time_spines'),
  ])
  const dbtSpines = dbtModels.flatMap((model) => {
    const spine = model.get('time_spine')
    return spine === undefined ? [] : [{ model, spine }]
  })
  const metrics = [
    ...all('metrics', 'metric').map((item) => metricSource(item)),
    ...dbtModels.flatMap((model) => {
      const owner = semanticName(model)
      return owner === undefined ? [] : list(model, 'metrics').map((item) => metricSource(item, owner))
    }),
  ]
  const context: Context = {
    ...options,
    draft,
    metrics: new Map(metrics.map((metric) => [metric.name, metric])),
    customGrains: customGrainsOf([...spines, ...dbtSpines.map(({ spine }) => spine)]),
    dbtModels: new Map(dbtModels.map((model) => [text(model, 'name') ?? '', model])),
  }
  for (const root of roots) root.ignore(...ofDbt)
  for (const one of configurations) one.ignore('dsi_package_version', 'metadata')
  for (const one of spines) convertTimeSpine(one, context)
  for (const { model, spine } of dbtSpines) convertDbtTimeSpine(model, spine, context)
  for (const model of models) convertModel(model, context)
  for (const model of dbtModels) {
    if (semanticName(model) === undefined) model.ignoreAll()
    else convertDbtModel(model, context)
  }
  for (const metric of metrics) convertMetric(metric, context)
  proxyMetrics(models, context)
  for (const query of all('saved_queries', 'saved_query')) convertQuery(query, context)
  noteDivisions(draft)
  noteMissingCalendar(draft)
}
