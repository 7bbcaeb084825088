export interface Column {
  readonly name: string
  /** Object id of its type, or of what its domain is based on. */
  readonly typeId: string
}

export function sameColumns(left: readonly Column[], right: readonly Column[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, typeId }, at) => name === right[at]?.name && typeId === right[at]?.typeId)
  )
}
