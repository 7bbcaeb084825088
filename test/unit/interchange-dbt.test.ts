import { expect, test } from 'vitest'
import { imported, refusalOf } from '../kit/imported.ts'

const visits = `
models:
  - name: fct_visits
    description: Every visit
    config: { alias: visits, meta: { owner: web@example.com } }
    data_tests: [unique]
    semantic_model: { enabled: true, name: visits }
    agg_time_dimension: visited_at
    columns:
      - name: visit_id
        data_tests: [unique]
        entity: { name: visit, type: primary }
      - name: user_id
        description: Who came
        entity: { name: user, type: foreign }
      - name: visited_at
        granularity: hour
        dimension: { type: time, name: came_at, label: Arrival }
      - name: country
        description: Where from
        dimension: categorical
      - name: comment
    derived_semantics:
      dimensions:
        - { name: is_mobile, type: categorical, expr: "device = 'phone'" }
      entities:
        - { name: session, type: foreign, expr: "user_id || '-' || day" }
    metrics:
      - name: visits
        type: simple
        agg: count
        expr: 1
        label: Visits
        join_to_timespine: true
        fill_nulls_with: 0
      - name: mobile_visits
        agg: sum
        expr: 1
        filter: "{{ Dimension('visit__is_mobile') }}"
      - { name: p90, agg: percentile, expr: seconds, percentile: 0.9, percentile_type: discrete }
      - name: last_visitors
        agg: count_distinct
        expr: user_id
        non_additive_dimension: { name: came_at, window_agg: max, group_by: [user] }
  - name: stg_nothing
    columns: [{ name: a }]
  - name: days
    time_spine:
      standard_granularity_column: day
      custom_granularities: [{ name: fiscal_quarter, column_name: fq }]
    columns: [{ name: day, granularity: day }]
`

test('a model of the newer form: entities and dimensions at its columns, measures in its metrics', () => {
  const { layer, notes } = imported(visits.replace('visited_at\n    columns', 'came_at\n    columns'), {
    schema: 'web',
  })
  expect(layer.models).toEqual({
    visits: {
      connection: 'wh',
      table: 'web.visits',
      description: 'Every visit',
      owner: 'web@example.com',
      time: 'came_at',
      entities: {
        visit: { type: 'primary', expr: 'visit_id' },
        user: { type: 'foreign', expr: 'user_id', description: 'Who came' },
        session: { type: 'foreign', expr: "user_id || '-' || day" },
      },
      dimensions: {
        came_at: { type: 'time', expr: 'visited_at', label: 'Arrival', grain: 'hour' },
        country: { type: 'categorical', description: 'Where from' },
        is_mobile: { type: 'categorical', expr: "device = 'phone'" },
      },
      measures: {
        visits: { agg: 'count', expr: '1' },
        mobile_visits: { agg: 'sum', expr: '1' },
        p90: { agg: 'percentile', expr: 'seconds', percentile: { at: 0.9, discrete: true } },
        last_visitors: {
          agg: 'count_distinct',
          expr: 'user_id',
          over_time: { dimension: 'came_at', choose: 'max', per: ['user'] },
        },
      },
    },
  })
  expect(layer.metrics).toEqual({
    visits: { type: 'simple', measure: { name: 'visits', fill: 0, every_period: true }, label: 'Visits' },
    mobile_visits: { type: 'simple', measure: 'mobile_visits', filter: "{{ Dimension('visit__is_mobile') }}" },
    p90: { type: 'simple', measure: 'p90' },
    last_visitors: { type: 'simple', measure: 'last_visitors' },
  })
  expect(layer.calendars).toEqual({
    days: { connection: 'wh', table: 'web.days', column: 'day', grain: 'day', periods: { fiscal_quarter: 'fq' } },
  })
  expect(notes).toEqual([])
})

test('metrics over metrics say their parts themselves; what a simple one counts goes with it', () => {
  const { layer } = imported(`${visits}
metrics:
  - { name: mobile_share, type: ratio, numerator: mobile_visits, denominator: { name: visits } }
  - name: change
    type: derived
    expr: now - before
    input_metrics:
      - { name: visits, alias: now }
      - { name: visits, alias: before, offset_window: 2 fiscal_quarters }
  - name: mobile_trailing
    type: cumulative
    input_metric: { name: mobile_visits, filter: "{{ Dimension('visit__country') }} = 'us'" }
    window: 7 days
    period_agg: last
  - { name: visits_to_date, type: cumulative, input_metric: visits, grain_to_date: month }
  - name: returning
    type: conversion
    entity: user
    calculation: conversion_rate
    base_metric: visits
    conversion_metric: { name: mobile_visits }
    window: 3 days
    constant_properties: [{ base_property: country, conversion_property: country }]
`)
  const { visits: _, mobile_visits: __, p90: ___, last_visitors: ____, ...metrics } = layer.metrics
  expect(metrics).toEqual({
    mobile_share: { type: 'ratio', numerator: 'mobile_visits', denominator: 'visits' },
    change: {
      type: 'derived',
      expr: 'now - before',
      inputs: [
        { name: 'visits', alias: 'now' },
        { name: 'visits', alias: 'before', offset: '2 fiscal_quarter', align: 'day' },
      ],
    },
    mobile_trailing: {
      type: 'cumulative',
      measure: {
        name: 'mobile_visits',
        filter: "({{ Dimension('visit__is_mobile') }}) AND ({{ Dimension('visit__country') }} = 'us')",
      },
      window: '7 days',
      at_coarser: 'last',
    },
    visits_to_date: {
      type: 'cumulative',
      measure: { name: 'visits', fill: 0, every_period: true },
      to_date: 'month',
    },
    returning: {
      type: 'conversion',
      base: { name: 'visits', fill: 0, every_period: true },
      conversion: { name: 'mobile_visits', filter: "{{ Dimension('visit__is_mobile') }}" },
      entity: 'user',
      within: '3 days',
      same: [{ base: 'country', conversion: 'country' }],
    },
  })
})

const model = (said: string): string => `
models:
  - name: a
    semantic_model: ${said}
    columns: [{ name: id, entity: primary }]
  - name: b
    semantic_model: true
    columns: [{ name: id, entity: primary }]
`

test('a model may be semantic by a word alone, and is left out when it is switched off', () => {
  expect(Object.keys(imported(model('true')).layer.models)).toEqual(['a', 'b'])
  expect(imported(model('false')).notes).toEqual([])
  const { layer, notes } = imported(model('{ enabled: false }'))
  expect(Object.keys(layer.models)).toEqual(['b'])
  expect(notes).toEqual(['a.yml:4:32 model a: left out; it is not enabled'])
})

test.for<[what: string, yaml: string, refusal: string]>([
  [
    'a simple metric that stands under no model',
    'metrics: [{ name: loose, type: simple, agg: sum, expr: a }]',
    'a.yml:1:11 metric loose: a simple metric has to stand under the model that it aggregates',
  ],
  [
    'an accumulated metric that is not simple',
    `${visits}
metrics:
  - { name: share, type: ratio, numerator: visits, denominator: visits }
  - { name: running, type: cumulative, input_metric: share }`,
    'a.yml:55:54 metric running: share is not a simple metric; only one can be used here',
  ],
  [
    'a column that dbt fills in',
    visits.replace('expr: seconds', `expr: "{{ var('column') }}"`),
    'a.yml:40:45 metric p90: expr is a template that dbt fills in; import its semantic_manifest.json',
  ],
])('%s is refused with its place', ([, yaml, refusal]) => {
  expect(refusalOf(yaml)).toBe(refusal)
})
