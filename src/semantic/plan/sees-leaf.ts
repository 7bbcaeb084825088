import type { Access } from './access.ts'
import type { Leaf } from './expand-metric.ts'

/** Whether a caller may see all that a leaf is made of. */
export function seesLeaf({ model, measure, conversion }: Leaf, access: Pick<Access, 'model' | 'sees'>): boolean {
  return (
    access.model(model) &&
    access.sees(model, measure) &&
    (conversion === undefined || access.sees(model, conversion.base))
  )
}
