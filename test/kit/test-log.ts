import type { Log } from '../../src/core/log.ts'

export interface TestLog extends Log {
  /** Everything logged, a line each: level, message, details as JSON. */
  readonly lines: string[]
}

export function openTestLog(): TestLog {
  const lines: string[] = []
  const at = (level: string) => (details: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(details)}`)
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
