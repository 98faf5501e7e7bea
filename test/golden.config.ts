import { defineConfig } from 'vitest/config'

/** The tests that hold the engine to reference data: cases of `MAZERU_GOLDEN` or `test/golden`. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ['test/**/*.golden.test.ts'],
    globalSetup: ['test/support/golden-setup.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
