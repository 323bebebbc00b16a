import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Only against tests that hang: how fast the machine is must not matter.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    reporters: ['default'],
    globalSetup: ['test/support/report-skips.ts'],
    pool: 'forks',
  },
});
