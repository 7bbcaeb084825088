import type { CheckNote, LedgerNumbers } from '../../../core/ledger-numbers.ts'
import type { LedgerContext } from '../context.ts'
import { isoSql } from '../iso-sql.ts'

/** Outcomes of the checks that guard metrics. */
export function metricChecks({ db }: LedgerContext): Pick<LedgerNumbers, 'noteChecks' | 'checkNotes'> {
  return {
    noteChecks: async ({ notes }) => {
      if (notes.length === 0) return
      // A row can be written once in a statement.
      const unique = [...new Map(notes.map((note) => [JSON.stringify([note.metric, note.name]), note])).values()]
      await db.query(
        `insert into metric_check (metric, name, definition, status, message, at)
         select x.metric, x.name, x.definition, x.status, x.message, x.at
         from jsonb_to_recordset($1::jsonb)
           as x(metric text, name text, definition text, status text, message text, at timestamptz)
         on conflict (metric, name) do update
         set definition = excluded.definition, status = excluded.status, message = excluded.message, at = excluded.at
         where metric_check.at <= excluded.at`,
        [JSON.stringify(unique)],
      )
    },
    checkNotes: () =>
      db.query<CheckNote>(
        `select metric, name, definition, status, message, ${isoSql('at')} as at from metric_check order by metric, name`,
      ),
  }
}
