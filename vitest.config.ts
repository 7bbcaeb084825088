import { defineConfig } from 'vitest/config'

const servers = { globalSetup: ['test/kit/servers.ts'], testTimeout: 60_000, hookTimeout: 240_000 }

/** Projects run one after the other, files of e2e and eval too: they time things, on machines with few cores. */
const after = (groupOrder: number) => ({ sequence: { groupOrder }, maxWorkers: 1 })

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
      { test: { name: 'store', include: ['test/store/**/*.test.ts'], ...servers, ...after(1), maxWorkers: 2 } },
      {
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...servers, ...after(2), testTimeout: 180_000 },
      },
      {
        test: { name: 'eval', include: ['test/eval/**/*.test.ts'], ...servers, ...after(3), testTimeout: 600_000 },
      },
    ],
  },
})
