// Plain JavaScript: it has to run on the Node that is too old for the rest.

/**
 * Which Node the program runs on: this one, the one installed beside it, or none that will do. TypeScript runs as it is
 * from 22.18 and 23.6 on.
 * @param {string} version of the running Node, such as `20.1.0`
 * @param {string | undefined} bundled path of the installed one, where there is one
 * @returns {{ run: 'here' } | { run: 'bundled', path: string } | { run: 'refuse' }}
 */
export function chooseNode(version, bundled) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
  if (isNew) return { run: 'here' }
  return bundled === undefined ? { run: 'refuse' } : { run: 'bundled', path: bundled }
}

/**
 * The folder that relative paths mean: `npm run aquifer` changes into this package first, and says where it came from.
 * Any other npm script has its own folder for a reason.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {(manifest: string) => boolean} isOurs whether a package.json is this package's
 * @returns {string | undefined} undefined for the current folder
 */
export function callerFolder(env, isOurs) {
  const isOurScript = env.npm_lifecycle_event === 'aquifer' && isOurs(env.npm_package_json || '')
  return isOurScript ? env.INIT_CWD : undefined
}
