import { parse } from 'yaml'
import { MetricsFile, type MetricLayer } from '../../schemas/metrics.ts'

/** A layer as a file of `metrics:` says it. */
export function layerOf(text: string): MetricLayer {
  const { version: _version, ...layer } = MetricsFile.parse({ version: 1, ...(parse(text) as object) })
  return layer
}

/** Orders of customers in countries, their items, refunds, and balances of accounts. */
export const shopLayer = layerOf(`
models:
  orders:
    connection: shop
    table: shop.orders
    time: ordered_at
    entities:
      order: { type: primary, expr: order_id }
      customer: { type: foreign, expr: customer_id }
    dimensions:
      channel: { type: categorical }
      ordered_at: { type: time, grain: day, zone: UTC }
    measures:
      orders: { agg: count, expr: 1 }
      amount: { agg: sum }
      median_amount: { agg: median, expr: amount }
      paid: { agg: sum_boolean, expr: is_paid }
    policy:
      - { groups: [sales], rows: "channel = 'web'", hidden: [median_amount] }
      - { groups: [finance], min_rows: 5 }
  items:
    connection: shop
    table: shop.items
    entities:
      item: { type: primary, expr: item_id }
      order: { type: foreign, expr: order_id }
    dimensions:
      product: { type: categorical }
    measures:
      quantity: { agg: sum }
  refunds:
    connection: shop
    table: shop.refunds
    time: refunded_at
    entities:
      refund: { type: primary, expr: refund_id }
      customer: { type: foreign, expr: customer_id }
    dimensions:
      refunded_at: { type: time, grain: day }
    measures:
      refunded: { agg: sum, expr: amount }
  customers:
    connection: shop
    table: shop.customers
    entities:
      customer: { type: primary, expr: customer_id }
      country: { type: foreign, expr: country_code }
      referrer: { type: foreign, expr: referred_by, of: customer }
    dimensions:
      tier: { type: categorical }
  countries:
    connection: shop
    table: shop.countries
    entities:
      country: { type: primary, expr: code }
    dimensions:
      name: { type: categorical }
  balances:
    connection: bank
    table: balances
    time: day
    primary: balance
    entities:
      account: { type: foreign, expr: account_id }
    dimensions:
      day: { type: time, grain: day }
    measures:
      balance: { agg: sum, over_time: { dimension: day, choose: max, per: [account] } }
metrics:
  orders: { type: simple, measure: orders }
  revenue: { type: simple, measure: amount, synonyms: [turnover] }
  web_revenue: { type: simple, measure: amount, filter: "order__channel = 'web'", synonyms: [turnover] }
  median_order: { type: simple, measure: median_amount }
  quantity: { type: simple, measure: quantity }
  refunded: { type: simple, measure: refunded }
  refund_share: { type: ratio, numerator: refunded, denominator: revenue }
  running_revenue: { type: cumulative, measure: amount }
  weekly_revenue: { type: cumulative, measure: amount, window: 7 days }
  growth:
    type: derived
    expr: (now - before) / before
    inputs: [{ name: revenue, alias: now }, { name: revenue, alias: before, offset: 1 month }]
  balance: { type: simple, measure: balance }
  balance_so_far: { type: cumulative, measure: balance }
`)
