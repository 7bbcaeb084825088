import { defineConfig } from 'vitest/config'

/** The embedded Postgres is WebAssembly: no test runs it for so long that compiling it twice would pay. */
const execArgv = ['--liftoff-only']

const servers = { execArgv, globalSetup: ['test/kit/servers.ts'], testTimeout: 60_000, hookTimeout: 240_000 }

const differences = ['test/store/differential.test.ts', 'test/store/kept-differences.test.ts']

/** Tests of the program that cut links and kill while a clock runs: on machines with few cores, nothing may run beside them. */
const alone = ['outage', 'proof', 'sharing'].map((name) => `test/e2e/${name}.test.ts`)

/** Projects of one group run beside each other, groups one after the other. */
const inGroup = (groupOrder: number, maxWorkers: number) => ({ sequence: { groupOrder }, maxWorkers })

export default defineConfig({
  test: {
    projects: [
      // Without modules of its own for each file: these tests share nothing that changes.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000, isolate: false } },
      {
        test: {
          name: 'store',
          include: ['test/store/**/*.test.ts'],
          exclude: differences,
          ...servers,
          ...inGroup(1, 3),
        },
      },
      // These compute for minutes, and would starve what has to answer in time.
      { test: { name: 'differences', include: differences, ...servers, ...inGroup(2, 2) } },
      {
        test: { name: 'eval', include: ['test/eval/**/*.test.ts'], ...servers, ...inGroup(2, 2), testTimeout: 600_000 },
      },
      {
        test: {
          name: 'program',
          include: ['test/e2e/**/*.test.ts'],
          exclude: alone,
          ...servers,
          ...inGroup(3, 3),
          testTimeout: 180_000,
        },
      },
      { test: { name: 'e2e', include: alone, ...servers, ...inGroup(4, 1), testTimeout: 180_000, maxConcurrency: 3 } },
    ],
  },
})
