/** Whoever a call is made for. Permissions are decided from this alone. */
export interface Caller {
  /** Name for logs: `local`, or the key's name. */
  readonly id: string
  readonly groups: readonly string[]
  /** Reads everything, also records that name nobody. */
  readonly admin: boolean
}

/** The entry of an acl that lets everybody read. Config and keys cannot name a group like it. */
export const everybody = '*'

/** The acl entries that open a record to this caller; undefined for an administrator, who needs none. */
export function readableBy(caller: Caller): readonly string[] | undefined {
  return caller.admin ? undefined : [everybody, ...caller.groups]
}
