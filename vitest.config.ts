import { defineConfig } from 'vitest/config'

const servers = { globalSetup: ['test/kit/servers.ts'], testTimeout: 60_000, hookTimeout: 240_000 }

const differences = ['test/store/differential.test.ts', 'test/store/kept-differences.test.ts']

/** Projects run one after the other, files of e2e and eval too: they time things, on machines with few cores. */
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
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...servers, ...after(3), testTimeout: 180_000 },
      },
      {
        test: { name: 'eval', include: ['test/eval/**/*.test.ts'], ...servers, ...after(4), testTimeout: 600_000 },
      },
    ],
  },
})
