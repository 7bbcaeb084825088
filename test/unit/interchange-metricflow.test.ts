import { expect, test } from 'vitest'
import { imported } from '../kit/imported.ts'

const orders = `
semantic_models:
  - name: orders
    description: Every order
    model: ref('fct_orders')
    defaults: { agg_time_dimension: ordered_at }
    entities:
      - { name: order, type: primary, expr: order_id }
      - { name: customer, type: FOREIGN, expr: customer_id, description: Who ordered }
    dimensions:
      - { name: status, type: categorical, label: Status }
      - name: ordered_at
        type: time
        type_params: { time_granularity: DAY }
      - name: day_loaded
        type: time
        is_partition: true
        expr: loaded_on
        type_params: { time_granularity: day }
    measures:
      - { name: order_total, agg: SUM, expr: amount, description: Money }
      - { name: order_count, agg: count, expr: 1, create_metric: true, create_metric_display_name: Orders }
      - { name: buyers, agg: count_distinct, expr: customer_id, agg_time_dimension: day_loaded }
      - { name: p95, agg: percentile, expr: amount, agg_params: { percentile: 0.95, use_discrete_percentile: true } }
      - name: balance
        agg: average
        non_additive_dimension: { name: ordered_at, window_choice: max, window_groupings: [customer] }
`

test('a semantic model becomes a model: keys, dimensions and measures with what they say', () => {
  const { layer, notes } = imported(orders, { schema: 'mart' })
  expect(layer.models).toEqual({
    orders: {
      connection: 'wh',
      table: 'mart.fct_orders',
      description: 'Every order',
      time: 'ordered_at',
      entities: {
        order: { type: 'primary', expr: 'order_id' },
        customer: { type: 'foreign', expr: 'customer_id', description: 'Who ordered' },
      },
      dimensions: {
        status: { type: 'categorical', label: 'Status' },
        ordered_at: { type: 'time', grain: 'day' },
        day_loaded: { type: 'time', expr: 'loaded_on', grain: 'day', partition: true },
      },
      measures: {
        order_total: { agg: 'sum', expr: 'amount', description: 'Money' },
        order_count: { agg: 'count', expr: '1' },
        buyers: { agg: 'count_distinct', expr: 'customer_id', time: 'day_loaded' },
        p95: { agg: 'percentile', expr: 'amount', percentile: { at: 0.95, discrete: true } },
        balance: { agg: 'avg', over_time: { dimension: 'ordered_at', choose: 'max', per: ['customer'] } },
      },
    },
  })
  expect(layer.metrics).toEqual({ order_count: { type: 'simple', measure: 'order_count', label: 'Orders' } })
  expect(notes).toEqual([])
})

test('dates of validity, a primary entity without a column, and a relation with a database', () => {
  const { layer, notes } = imported(`
semantic_model:
  name: prices
  primary_entity: price
  node_relation: { schema_name: raw, alias: prices, database: lake, relation_name: '"lake"."raw"."prices"' }
  entities: [{ name: product, type: natural }]
  dimensions:
    - { name: valid_from, type: time, type_params: { time_granularity: day, validity_params: { is_start: true } } }
    - { name: valid_to, type: time, type_params: { time_granularity: day, validity_params: { is_end: true } } }
`)
  expect(layer.models).toEqual({
    prices: {
      connection: 'wh',
      table: 'raw.prices',
      primary: 'price',
      entities: { product: { type: 'natural' } },
      dimensions: {
        valid_from: { type: 'time', grain: 'day', validity: 'start' },
        valid_to: { type: 'time', grain: 'day', validity: 'end' },
      },
      measures: {},
    },
  })
  expect(notes).toEqual(['a.yml:5:63 database lake: left out; the tables are those of the connection wh'])
})

test('every type of metric, with filters as MetricFlow writes them', () => {
  const { layer } = imported(`${orders}
metrics:
  - name: revenue
    type: simple
    label: Revenue
    config: { meta: { owner: finance@example.com } }
    time_granularity: month
    type_params: { measure: { name: order_total, fill_nulls_with: 0, join_to_timespine: true } }
    filter: "{{ Dimension('order__status') }} = 'paid'"
  - name: big_revenue
    type: simple
    type_params: { measure: { name: order_total, filter: "{{ Dimension('Order__Status') }} <> 'void'" } }
    filter:
      - "{{ Entity('customer') }} IS NOT NULL"
      - "{{ Metric('revenue', ['customer']) }} > 10"
  - name: average_order
    type: ratio
    type_params:
      numerator: revenue
      denominator: { name: order_count, filter: "{{ Dimension('order__status') }} = 'paid'", alias: paid }
  - name: growth
    type: derived
    type_params:
      expr: (revenue - before) / NULLIF(before, 0) + begin
      metrics:
        - name: revenue
        - { name: revenue, alias: before, offset_window: 1 MONTH }
        - { name: revenue, alias: begin, offset_to_grain: month }
  - name: trailing
    type: cumulative
    type_params: { measure: order_total, window: 7 days }
  - name: month_to_date
    type: cumulative
    type_params: { measure: order_total, cumulative_type_params: { grain_to_date: month, period_agg: average } }
  - name: bought
    type: conversion
    type_params:
      conversion_type_params:
        base_measure: { name: order_count, fill_nulls_with: 0 }
        conversion_measure: buyers
        entity: customer
        calculation: conversions
        window: 7 days
        constant_properties: [{ base_property: status, conversion_property: status }]
`)
  expect(layer.metrics).toEqual({
    revenue: {
      type: 'simple',
      measure: { name: 'order_total', fill: 0, every_period: true },
      label: 'Revenue',
      owner: 'finance@example.com',
      grain: 'month',
      filter: "{{ Dimension('order__status') }} = 'paid'",
    },
    big_revenue: {
      type: 'simple',
      measure: { name: 'order_total', filter: "{{ Dimension('order__status') }} <> 'void'" },
      filter: "({{ Entity('customer') }} IS NOT NULL) AND ({{ Metric('revenue', ['customer']) }} > 10)",
    },
    average_order: {
      type: 'ratio',
      numerator: 'revenue',
      denominator: { name: 'order_count', alias: 'paid', filter: "{{ Dimension('order__status') }} = 'paid'" },
    },
    growth: {
      type: 'derived',
      expr: '(revenue - before) / NULLIF(before, 0) + begin',
      inputs: [
        'revenue',
        { name: 'revenue', alias: 'before', offset: '1 month', align: 'day' },
        { name: 'revenue', alias: 'begin', offset_to: 'month' },
      ],
    },
    trailing: { type: 'cumulative', measure: 'order_total', window: '7 days' },
    month_to_date: { type: 'cumulative', measure: 'order_total', to_date: 'month', at_coarser: 'average' },
    bought: {
      type: 'conversion',
      base: { name: 'order_count', fill: 0 },
      conversion: 'buyers',
      entity: 'customer',
      within: '7 days',
      same: [{ base: 'status', conversion: 'status' }],
      calculate: 'count',
    },
    order_count: { type: 'simple', measure: 'order_count', label: 'Orders' },
  })
})

const filter = (text: string): object => ({ where_filters: [{ where_sql_template: text }] })

test('the manifest that dbt writes: nulls everywhere, filters and windows as objects', () => {
  const manifest = {
    semantic_models: [
      {
        name: 'orders',
        defaults: { agg_time_dimension: 'ordered_at' },
        description: null,
        node_relation: { alias: 'orders', schema_name: 'main', database: null, relation_name: '"main"."orders"' },
        primary_entity: 'order',
        entities: [{ name: 'order', type: 'primary', expr: 'order_id', role: null, metadata: null }],
        measures: [],
        dimensions: [{ name: 'ordered_at', type: 'time', expr: null, type_params: { time_granularity: 'day' } }],
        config: { meta: {} },
      },
    ],
    metrics: [
      {
        name: 'revenue',
        label: 'revenue',
        type: 'simple',
        filter: filter("{{ Dimension('order__ordered_at') }} IS NOT NULL"),
        type_params: {
          measure: null,
          expr: 'amount',
          input_measures: [],
          join_to_timespine: true,
          fill_nulls_with: 0,
          is_private: false,
          metric_aggregation_params: { semantic_model: 'orders', agg: 'sum', agg_time_dimension: 'ordered_at' },
        },
      },
      {
        name: 'trailing',
        type: 'cumulative',
        filter: null,
        type_params: {
          cumulative_type_params: {
            window: { count: 2, granularity: 'month' },
            grain_to_date: null,
            period_agg: 'last',
            metric: { name: 'revenue', filter: filter("{{ Entity('order') }} > 1"), alias: null },
          },
        },
      },
    ],
    saved_queries: [],
    project_configuration: {
      dsi_package_version: { major_version: '0', minor_version: '9', patch_version: '0' },
      time_spine_table_configurations: [],
      time_spines: [
        {
          node_relation: { alias: 'days', schema_name: 'main' },
          primary_column: { name: 'ds', time_granularity: 'day' },
          custom_granularities: [{ name: 'fiscal_year', column_name: 'fy' }],
        },
      ],
    },
  }
  const { layer, notes } = imported(JSON.stringify(manifest))
  const condition = "{{ Dimension('order__ordered_at') }} IS NOT NULL"
  expect(layer).toEqual({
    models: {
      orders: {
        connection: 'wh',
        table: 'main.orders',
        time: 'ordered_at',
        entities: { order: { type: 'primary', expr: 'order_id' } },
        dimensions: { ordered_at: { type: 'time', grain: 'day' } },
        measures: { revenue: { agg: 'sum', expr: 'amount' } },
      },
    },
    metrics: {
      revenue: {
        type: 'simple',
        measure: { name: 'revenue', fill: 0, every_period: true },
        filter: condition,
      },
      trailing: {
        type: 'cumulative',
        measure: {
          name: 'revenue',
          filter: `(${condition}) AND ({{ Entity('order') }} > 1)`,
          fill: 0,
          every_period: true,
        },
        window: '2 months',
        at_coarser: 'last',
      },
    },
    queries: {},
    calendars: {
      days: { connection: 'wh', table: 'main.days', column: 'ds', grain: 'day', periods: { fiscal_year: 'fy' } },
    },
  })
  expect(notes).toEqual([])
})

test('time spines of both lists become calendars, each once, and none finer than a millisecond', () => {
  const { layer, notes } = imported(`${orders}
project_configuration:
  time_spine_table_configurations:
    - { location: mart.spine, column_name: ds, grain: day }
  time_spines:
    - node_relation: { alias: spine_ns, schema_name: mart }
      primary_column: { name: ts, time_granularity: nanosecond }
    - node_relation: { alias: spine, schema_name: mart }
      primary_column: { name: ds, time_granularity: day }
      custom_granularities: [{ name: martian_day }]
    - node_relation: { alias: spine, schema_name: mart }
      primary_column: { name: hour_start, time_granularity: hour }
`)
  const spine = { connection: 'wh', table: 'mart.spine' }
  expect(layer.calendars).toEqual({
    spine: { ...spine, column: 'ds', grain: 'day', periods: { martian_day: 'martian_day' } },
    spine_hour: { ...spine, column: 'hour_start', grain: 'hour', periods: {} },
  })
  expect(notes).toEqual(['a.yml:33:7 nanosecond calendar mart.spine_ns: left out, finest grain is millisecond'])
})

test('saved queries become queries in plain names; one may ask for dimensions only', () => {
  const { layer, notes } = imported(`${orders}
saved_queries:
  - name: daily
    label: Daily
    query_params:
      metrics: [order_count]
      group_by: ["TimeDimension('metric_time', 'DAY')", "Dimension('order__status')", "Entity('customer')"]
      where: ["{{ Dimension('order__status') }} = 'paid'"]
      order_by: ["TimeDimension('metric_time', 'day').descending(True)", -order_count]
      limit: 10
    exports: [{ name: daily_table, config: { export_as: table } }]
  - name: statuses
    query_params: { metrics: [], group_by: ["Dimension('order__status')"] }
`)
  expect(layer.queries).toEqual({
    daily: {
      label: 'Daily',
      metrics: ['order_count'],
      by: ['metric_time__day', 'order__status', 'customer'],
      where: "{{ Dimension('order__status') }} = 'paid'",
      order: ['-metric_time__day', '-order_count'],
      limit: 10,
    },
    statuses: { metrics: [], by: ['order__status'] },
  })
  expect(notes).toEqual(['a.yml:38:15 query daily, export daily_table: left out; `every` of a query keeps its answer'])
})
