import { MetricsFile, type MetricLayer } from '../../schemas/metrics.ts'
import { parseYamlDocuments } from '../../src/config/parse-yaml.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Check } from '../../src/semantic/interchange/check-draft.ts'
import { importLayer, type Imported } from '../../src/semantic/interchange/import-layer.ts'

interface Options {
  readonly schema?: string
  readonly skip?: boolean
  readonly check?: Check
}

/** What an import of these documents gives, with the tables in the connection `wh`. */
export function imported(yaml: string, { schema, skip = false, ...rest }: Options = {}): Imported {
  const documents = parseYamlDocuments(yaml, 'a.yml')
  return importLayer(documents, { ...rest, connection: 'wh', schema, skipUnsupported: skip })
}

/** Everything that stands in the way of an import. */
export function refusalOf(yaml: string): string {
  try {
    imported(yaml)
  } catch (thrown) {
    if (thrown instanceof AquiferError && thrown.code === 'METRICS_IMPORT_INVALID') return thrown.message
    throw thrown
  }
  return 'imported'
}

/** The layer of a file that says this, with its defaults. */
export function layerOf(said: object): MetricLayer {
  const { version: _, ...layer } = MetricsFile.parse({ version: 1, ...said })
  return layer
}
