import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'main', include: ['test/**/*.test.ts'], exclude: ['test/system/**', 'test/long/**'] } },
      { test: { name: 'system', include: ['test/system/**/*.test.ts'] } },
      { test: { name: 'long', include: ['test/long/**/*.test.ts'] } },
    ],
  },
})
