import { defineConfig } from 'vitest/config'

const shared = {
  globalSetup: 'test/support/global-setup.ts',
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**', 'test/long/**'],
        },
      },
      { test: { ...shared, name: 'system', include: ['test/system/**/*.test.ts'] } },
      { test: { ...shared, name: 'long', include: ['test/long/**/*.test.ts'] } },
    ],
  },
})
