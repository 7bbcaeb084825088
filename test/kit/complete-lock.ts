/**
 * npm leaves packages of other platforms out of the lock file when the registry at hand lacks them, and then `npm ci`
 * refuses that very file. `node test/kit/complete-lock.ts` writes them in; an installation still skips them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { z } from 'zod'

const LockedPackage = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  license: z.string().optional(),
  engines: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
})
const LockFile = z.looseObject({ packages: z.record(z.string(), LockedPackage) })
type LockFile = z.infer<typeof LockFile>

const path = fileURLToPath(new URL('../../package-lock.json', import.meta.url))
const platforms = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

/** The lock file as it stands, its keys in npm's order (which a parser's copy would not keep). */
export function readLock(): LockFile {
  const lock: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isLockFile(lock)) throw new Error('package-lock.json is not one of version 3')
  return lock
}

const isLockFile = (value: unknown): value is LockFile => LockFile.safeParse(value).success

/** Optional dependencies that the lock file names but does not hold, as `name@version` with their dependent. */
export function missingFromLock(lock: LockFile): { name: string; version: string; dependent: string }[] {
  const held = new Set(Object.keys(lock.packages).map((place) => place.split('node_modules/').at(-1)))
  return Object.entries(lock.packages).flatMap(([dependent, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !held.has(name))
      .map(([name, version]) => ({ name, version, dependent })),
  )
}

function complete(lock: LockFile): LockFile {
  const added = missingFromLock(lock).flatMap(({ name, version, dependent }) => {
    const words = name.split(/[-/]/)
    const os = words.filter((word) => platforms.includes(word))
    const cpu = words.filter((word) => processors.includes(word))
    if (os.length === 0 || cpu.length === 0) return []
    const { dev, license, engines, optionalDependencies = {} } = lock.packages[dependent] ?? {}
    const libc = os.includes('linux') ? libcOf(name, Object.keys(optionalDependencies)) : undefined
    const entry = {
      version,
      cpu,
      dev,
      ...(libc === undefined ? {} : { libc: [libc] }),
      license,
      optional: true,
      os,
      engines,
    }
    return [[`node_modules/${name}`, entry] as const]
  })
  const entries = [...Object.entries(lock.packages), ...added]
  return { ...lock, packages: Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b, 'en'))) }
}

/** By its name, or by a sibling's that says `musl`; undefined for a package that suits either. */
function libcOf(name: string, siblings: readonly string[]): 'glibc' | 'musl' | undefined {
  if (name.includes('musl')) return 'musl'
  return name.includes('gnu') || siblings.includes(`${name}-musl`) ? 'glibc' : undefined
}

if (import.meta.main) writeFileSync(path, `${JSON.stringify(complete(readLock()), null, 2)}\n`)
