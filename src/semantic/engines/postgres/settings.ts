/** The start of each statement's transaction. It is rolled back, never committed: so nothing that it set stays either. */
export const beginSql = 'begin isolation level repeatable read read only'
export const endSql = 'rollback'

/**
 * What makes Postgres print values the same way wherever it runs, for this transaction alone: behind a pooler the next one
 * to use the session is somebody else. $1 is the time limit in milliseconds. The last column is the watermark, as the
 * snapshot of the transaction has it: the ids of all transactions that it does not see. On a standby, whose snapshots do
 * not tell, it is how far the log has been replayed.
 */
export const prologueSql = `select set_config('statement_timeout', $1, true), set_config('TimeZone', 'UTC', true),
  set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'iso_8601', true),
  set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
  set_config('plan_cache_mode', 'force_custom_plan', true),
  case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text else pg_current_snapshot()::text end`
