import { defineConfig } from 'vitest/config'

/** All tests. A test file mirrors the source it tests. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/golden-setup.ts', 'test/support/editor-setup.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
