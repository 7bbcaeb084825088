import { defineConfig } from 'vitest/config'

const servers = { globalSetup: ['test/kit/servers.ts'], testTimeout: 60_000, hookTimeout: 240_000 }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
      { test: { name: 'store', include: ['test/store/**/*.test.ts'], ...servers } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...servers, testTimeout: 180_000 } },
      { test: { name: 'eval', include: ['test/eval/**/*.test.ts'], ...servers, testTimeout: 600_000 } },
    ],
  },
})
