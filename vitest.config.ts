import { defineConfig } from 'vitest/config'

const servers = { globalSetup: ['test/kit/servers.ts'], testTimeout: 60_000, hookTimeout: 240_000 }

const differences = ['test/store/differential.test.ts', 'test/store/kept-differences.test.ts']

/** Tests of the program that kill it, fill disks or time things: on machines with few cores, nothing may run beside them. */
const alone = ['kill', 'outage', 'sharing', 'bad-disk'].map((name) => `test/e2e/${name}.test.ts`)

/** Projects run one after the other, files of some too. */
const after = (groupOrder: number) => ({ sequence: { groupOrder }, maxWorkers: 1 })

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'store',
          include: ['test/store/**/*.test.ts'],
          exclude: differences,
          ...servers,
          ...after(1),
          maxWorkers: 2,
        },
      },
      // These compute for minutes, and would starve what has to answer in time.
      { test: { name: 'differences', include: differences, ...servers, ...after(2) } },
      {
        test: {
          name: 'program',
          include: ['test/e2e/**/*.test.ts'],
          exclude: alone,
          ...servers,
          ...after(3),
          maxWorkers: 2,
          testTimeout: 180_000,
        },
      },
      { test: { name: 'e2e', include: alone, ...servers, ...after(4), testTimeout: 180_000 } },
      {
        test: { name: 'eval', include: ['test/eval/**/*.test.ts'], ...servers, ...after(5), testTimeout: 600_000 },
      },
    ],
  },
})
