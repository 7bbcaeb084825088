/** Metrics over the jaffle shop's raw tables; money is in cents. Read as a file of `metrics:`. */
export const jaffleLayer = `
version: 1
models:
  orders:
    table: raw_orders
    time: ordered_at
    entities:
      order: { type: primary, expr: id }
      customer: { type: foreign }
      store: { type: foreign, expr: store_id }
    dimensions:
      ordered_at: { type: time, grain: second }
      total_in_cents: { type: categorical, expr: order_total }
    measures:
      orders: { agg: count, expr: 1 }
      order_cents: { agg: sum, expr: order_total }
      tax_cents: { agg: sum, expr: tax_paid }
      average_cents: { agg: avg, expr: order_total }
  stores:
    table: raw_stores
    entities: { store: { type: primary, expr: id } }
    dimensions: { name: { type: categorical } }
  items:
    query: >-
      select i.id, i.order_id, p.type, p.price, c.cost
      from raw_items i
      join raw_products p on p.sku = i.sku
      join (select sku, sum(cost) as cost from raw_supplies group by sku) c on c.sku = i.sku
    entities:
      item: { type: primary, expr: id }
      order: { type: foreign, expr: order_id }
    dimensions: { type: { type: categorical } }
    measures:
      items: { agg: count, expr: 1 }
      price_cents: { agg: sum, expr: price }
      cost_cents: { agg: sum, expr: cost }
  customers:
    query: select customer, min(ordered_at) as first_at from raw_orders group by customer
    time: first_at
    entities: { customer: { type: primary } }
    dimensions: { first_at: { type: time, grain: second } }
    measures: { new_customers: { agg: count, expr: 1 } }
metrics:
  orders: { type: simple, measure: orders }
  order_cents: { type: simple, measure: order_cents }
  order_total: { type: derived, expr: 'round(order_cents / 100, 2)', inputs: [order_cents] }
  tax_cents: { type: simple, measure: tax_cents }
  tax_paid: { type: derived, expr: 'round(tax_cents / 100, 2)', inputs: [tax_cents] }
  items: { type: simple, measure: items }
  item_cents: { type: simple, measure: price_cents }
  revenue: { type: derived, expr: 'round(item_cents / 100, 2)', inputs: [item_cents] }
  food_share: { type: ratio, numerator: { name: item_cents, filter: "item__type = 'jaffle'" }, denominator: item_cents }
  food_revenue_pct: { type: derived, expr: 'round(food_share, 6)', inputs: [food_share] }
  cost_cents: { type: simple, measure: cost_cents }
  supply_cost: { type: derived, expr: 'round(cost_cents / 100, 2)', inputs: [cost_cents] }
  gross_profit: { type: derived, expr: 'round((item_cents - cost_cents) / 100, 2)', inputs: [item_cents, cost_cents] }
  large_orders: { type: simple, measure: orders, filter: order__total_in_cents >= 2000 }
  new_customers: { type: simple, measure: new_customers }
  average_cents: { type: simple, measure: average_cents }
  average_order_value: { type: derived, expr: 'round(average_cents / 100, 4)', inputs: [average_cents] }
  running_cents: { type: cumulative, measure: order_cents, at_coarser: last }
  cumulative_order_total: { type: derived, expr: 'round(running_cents / 100, 2)', inputs: [running_cents] }
  rolling_28d_orders: { type: cumulative, measure: orders, window: 28 days }
`
