import type { MemoryRecord } from './memory-knowledge.ts'

/** A few records of a shop: two that everybody reads, one for a group, one for administrators. */
export const shopRecords: readonly MemoryRecord[] = [
  {
    id: 'handbook:returns.md',
    title: 'Returns',
    text: 'A customer may return a kettle within 30 days.',
    url: 'https://shop.example/handbook/returns',
  },
  { id: 'products:17', title: 'Kettle', text: 'A steel kettle, 1.7 litres.', fields: { price: '39.90', stock: 4 } },
  { id: 'finance:q3', title: 'Third quarter', text: 'Margin on the kettle fell to 12 %.', acl: ['finance'] },
  { id: 'board:plan', title: 'Plan', text: 'The kettle line will be sold.', acl: [] },
]
