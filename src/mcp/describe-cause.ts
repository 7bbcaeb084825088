/** What a log may hold of an unknown error: names, codes and places, but no message, for it can quote values or SQL. */
export function describeCause(error: unknown, depth = 0): object | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined
  const ours = error instanceof TypeError || error instanceof ReferenceError
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    name: error.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(ours ? { message: error.message } : {}),
    at: frames.slice(0, 8).map((line) => line.trim()),
    cause: describeCause(error.cause, depth + 1),
  }
}
