/** Environment variables, passed in so that nothing reads them behind the caller's back. */
export type Env = Readonly<Record<string, string | undefined>>
