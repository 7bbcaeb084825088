/** Why the demo can't go on, in words for whoever runs it. */
export class DemoStopped extends Error {
  readonly exitCode: number

  constructor(message: string, { cause, exitCode = 1 }: { cause?: unknown; exitCode?: number } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'DemoStopped'
    this.exitCode = exitCode
  }
}
