/** How positions of one kind of source are compared: by whoever knows what they mean. */
export interface PositionOrder {
  /** What a caller may give, with an example, to be read after "is". */
  readonly form: string
  isPosition(text: string): boolean
  /**
   * Whether everything up to `wanted`, a position, is there in a source that stands at `at`; undefined where the two belong to
   * different kinds of servers, so that no wait would help.
   */
  covers(at: string, wanted: string): boolean | undefined
}
