import type { SecretUrl } from '../../../../schemas/config.ts'

/** How to reach a MySQL or MariaDB. */
export interface MysqlOptions {
  readonly url: SecretUrl
  /** Whether to encrypt, or the file of an authority of one's own; the certificate is always checked. */
  readonly tls: boolean | { readonly ca: string }
}
