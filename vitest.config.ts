import { defineConfig } from 'vitest/config'

const shared = {
  globalSetup: 'test/support/global-setup.ts',
  // One worker a core; the default leaves one core idle.
  maxWorkers: '100%',
  testTimeout: 60_000,
  hookTimeout: 60_000,
}

/** Replaces a module of the platform, which nobody else may see. */
const ALONE = ['test/crypto/random-source.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'main',
          // Importing a file of ours does nothing, so the files of a worker can share what they import: a fifth of the time.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**', 'test/long/**', ...ALONE],
        },
      },
      { test: { ...shared, name: 'alone', include: ALONE } },
      {
        test: {
          ...shared,
          name: 'system',
          globalSetup: [shared.globalSetup, 'test/system/install-wallets.ts'],
          include: ['test/system/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
      { test: { ...shared, name: 'long', include: ['test/long/**/*.test.ts'] } },
    ],
  },
})
