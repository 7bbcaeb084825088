import type { z } from 'zod'
import type { indexers } from '../../indexers/index.ts'
import type { configCommon, sourceCommon } from '../../schemas/config.ts'
import type { MetricsFile } from '../../schemas/metrics.ts'
import type { engines } from '../semantic/engines/index.ts'

type Registry = typeof indexers
type TypeName = keyof Registry
type TypeOf<Name extends TypeName> = Awaited<ReturnType<Registry[Name]>>['default']

type CommonInput = z.input<z.ZodObject<typeof configCommon>>
type SourceCommonInput = z.input<z.ZodObject<typeof sourceCommon>>

type Engines = typeof engines
type Connecting = TypeName | keyof Engines
/** Where a type is both, the indexer says its keys. */
type ConnectionType<Name extends Connecting> = Name extends TypeName
  ? TypeOf<Name>
  : Name extends keyof Engines
    ? Awaited<ReturnType<Engines[Name]>>['default']
    : never

type ConnectionInput<Name extends Connecting> =
  ConnectionType<Name> extends { readonly connection: infer Schema extends z.ZodType }
    ? { readonly type: Name } & z.input<Schema>
    : never

type SourceLink<Name extends TypeName> =
  TypeOf<Name> extends { readonly connection: z.ZodType }
    ? { readonly type?: Name; readonly connection: string }
    : { readonly type: Name }

type SourceInput<Name extends TypeName> = SourceLink<Name> & SourceCommonInput & z.input<TypeOf<Name>['source']>

/** What `aquifer.yaml` may say, as a type. */
export interface ConfigInput extends CommonInput {
  readonly connections?: Readonly<Record<string, { [Name in Connecting]: ConnectionInput<Name> }[Connecting]>>
  readonly sources?: Readonly<Record<string, { [Name in TypeName]: SourceInput<Name> }[TypeName]>>
}

/** Gives the default export of `aquifer.config.ts` its type; it is checked again when it is loaded. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/** Gives the default export of a `*.metrics.ts` in the folder `metrics` its type; it is checked again when it is loaded. */
export function defineMetrics(metrics: z.input<typeof MetricsFile>): z.input<typeof MetricsFile> {
  return metrics
}
