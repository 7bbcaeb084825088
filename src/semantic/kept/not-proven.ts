/** The kept rows may give another answer than the database would: it has to be asked. */
export class NotProvenSignal extends Error {}

export function notProven(why: string): never {
  throw new NotProvenSignal(why)
}
