import { randomBytes } from 'node:crypto'
import { startPace } from '../../src/core/pace.ts'
import type { Run, Rows, Session } from './session.ts'
import type { Place } from '../../src/core/source-error.ts'

/** A statement whose result the server keeps, so that it outlives its transaction. */
export interface Held {
  readonly name: string
}

/**
 * Opens a cursor WITH HOLD. The server runs the statement to its end when the transaction commits, and keeps the rows in
 * a temporary file: they all show one moment, while no snapshot holds back the vacuum of the source and no transaction
 * is open while the consumer takes its time.
 */
export async function hold(run: Run, sql: string, values: readonly (string | number)[]): Promise<Held> {
  // Sessions may be shared by those that an embedded Postgres serves, so the name must not meet another.
  const name = `aquifer_${randomBytes(8).toString('hex')}`
  await run(`declare ${name} no scroll cursor with hold for ${sql}`, values)
  return { name }
}

/** The rows of a held statement, page by page; gives it back at the end, and when the consumer walks away. */
export async function* readHeld(session: Session, place: Place, { name }: Held): AsyncGenerator<Rows> {
  const pace = startPace()
  try {
    for (;;) {
      const limit = pace.rows
      const page = await session.transaction(place, (run) => run(`fetch ${limit} from ${name}`))
      pace.observe(page.rows)
      if (page.rows.length > 0) yield page
      if (page.rows.length < limit) return
    }
  } finally {
    await session.tidy(place, `close ${name}`)
  }
}
