import type { Draft } from '../draft.ts'
import type { Item } from '../item.ts'
import type { ImportOptions } from '../metricflow/context.ts'
import { list, text } from '../read-item.ts'
import type { OsiContext } from './context.ts'
import { convertDataset, readDataset } from './convert-dataset.ts'
import { convertMetric, isAggregate } from './convert-metric.ts'
import { convertRelationships } from './convert-relationships.ts'
import { readExtensions } from './read-extensions.ts'

/** The semantic models of OSI documents as one layer. What Aquifer exported comes back as it was. */
export function importOsi(roots: readonly Item[], options: ImportOptions, draft: Draft): void {
  for (const root of roots) root.ignore('version', 'dialects', 'vendors')
  const models = roots.flatMap((root) => list(root, 'semantic_model'))
  for (const model of models) importModel(model, options, draft)
}

function importModel(item: Item, options: ImportOptions, draft: Draft): void {
  item.ignore('name')
  const own = readExtensions(item, options, draft)
  const datasets = list(item, 'datasets').flatMap((one) => readDataset(one, draft) ?? [])
  const metrics = list(item, 'metrics').filter((one) => !own.metrics.has(one))
  const context: OsiContext = {
    ...options,
    draft,
    datasets: new Map(datasets.map((one) => [String(one.item.get('name')?.value).toLowerCase(), one])),
    metrics: new Set(list(item, 'metrics').flatMap((one) => text(one, 'name')?.toLowerCase() ?? [])),
  }
  const relationships = list(item, 'relationships').filter((one) => !own.relationships.has(one))
  const entities = convertRelationships(relationships, context)
  for (const dataset of datasets) {
    if (!own.datasets.has(dataset.item)) convertDataset(dataset, entities.get(dataset.name) ?? {}, context)
  }
  // Those of one aggregate first: others are made of them where they can be.
  for (const isSimple of [true, false]) {
    for (const metric of metrics) if (isAggregate(metric, context) === isSimple) convertMetric(metric, context)
  }
}
