import type { ClickHouseSettings } from '@clickhouse/client'
import type { RunLimits } from '../../engine.ts'

export const format = 'JSONCompactEachRowWithNamesAndTypes'

/** 1 lets nothing be written and no setting be changed by the statement; 2, of a user who has it, forbids to say 1. */
export type ReadOnly = '1' | '2'

/** For one statement. */
export function settingsFor(limits: RunLimits, readonly: ReadOnly): ClickHouseSettings {
  return {
    readonly,
    max_execution_time: Math.ceil(limits.timeoutMs / 1000),
    max_result_rows: String(limits.rows + 1),
    result_overflow_mode: 'break',
    cancel_http_readonly_queries_on_client_close: 1,
    // What compiled SQL relies on: nulls where a join or an aggregate finds nothing, as in other databases.
    join_use_nulls: 1,
    aggregate_functions_null_for_empty: 1,
    // One form of every value, whatever the server's defaults and time zone.
    session_timezone: 'UTC',
    date_time_output_format: 'iso',
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_decimals: 1,
    output_format_json_quote_denormals: 1,
    output_format_json_quote_64bit_floats: 0,
  }
}
