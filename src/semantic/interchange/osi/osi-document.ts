/** The shapes of OSI 1.0, as far as they are written. */
export interface OsiDocument {
  readonly version: string
  readonly semantic_model: readonly OsiModel[]
}

export interface OsiModel {
  readonly name: string
  readonly description?: string
  readonly datasets: readonly OsiDataset[]
  readonly relationships?: readonly OsiRelationship[]
  readonly metrics?: readonly OsiMetric[]
  readonly custom_extensions?: readonly OsiExtension[]
}

export interface OsiDataset {
  readonly name: string
  readonly source: string
  readonly primary_key?: readonly string[]
  readonly unique_keys?: readonly (readonly string[])[]
  readonly description?: string
  readonly ai_context?: { readonly synonyms: readonly string[] }
  readonly fields?: readonly OsiField[]
  readonly custom_extensions?: readonly OsiExtension[]
}

export interface OsiField {
  readonly name: string
  readonly expression: OsiExpression
  readonly dimension?: { readonly is_time: boolean }
  readonly description?: string
  readonly ai_context?: { readonly synonyms: readonly string[] }
}

export interface OsiRelationship {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly from_columns: readonly string[]
  readonly to_columns: readonly string[]
}

export interface OsiMetric {
  readonly name: string
  readonly expression: OsiExpression
  readonly description?: string
  readonly ai_context?: { readonly synonyms: readonly string[] }
  readonly custom_extensions?: readonly OsiExtension[]
}

interface OsiExpression {
  readonly dialects: readonly { readonly dialect: 'ANSI_SQL'; readonly expression: string }[]
}

export interface OsiExtension {
  readonly vendor_name: string
  /** JSON. */
  readonly data: string
}

export const ansi = (expression: string): OsiExpression => ({ dialects: [{ dialect: 'ANSI_SQL', expression }] })

/** OSI 1.0 knows a few vendors and COMMON; what is ours stands under a key of our name. */
export const extension = (said: object): readonly OsiExtension[] => [
  { vendor_name: 'COMMON', data: JSON.stringify({ aquifer: said }) },
]

/** What everything of a layer may say of itself. */
export function osiWords({
  description,
  synonyms,
}: {
  description?: string | undefined
  synonyms: readonly string[]
}): {
  description?: string
  ai_context?: { synonyms: readonly string[] }
} {
  return {
    ...(description === undefined ? {} : { description }),
    ...(synonyms.length === 0 ? {} : { ai_context: { synonyms } }),
  }
}
