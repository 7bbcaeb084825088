const longest = 300

/** A part of a position is none, so one that would crowd an answer out (GTIDs of many servers, many partitions) is left out. */
export function shownPosition(position: string | null): { readonly position?: string } {
  return position === null || position.length > longest ? {} : { position }
}
