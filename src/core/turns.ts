/** Shares work that goes on for ever among processes. */
export interface Turns {
  /**
   * Calls `take` for each of these names again and again until the signal aborts; then it ends when the last call has. A name
   * is taken by one process at a time, as far as a queue can tell: claims on the ledger are what decides. A call is to end
   * soon after its own signal aborts; the name's next turn comes when the others have had theirs.
   */
  run(
    names: readonly string[],
    take: (name: string, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}

/** For one process with room for all: a turn lasts until the end. */
export const allAtOnce: Turns = {
  run: async (names, take, signal) => {
    await Promise.all(names.map((name) => take(name, signal)))
  },
}
