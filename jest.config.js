const common = {
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/seed.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {jsc: {parser: {syntax: 'typescript'}, target: 'es2024', experimental: {keepImportAttributes: true}}, module: {type: 'es6'}},
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/lib/', '<rootDir>/dist/'],
}

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(cluster|oracle|soak)\\.test\\.ts$'],
    },
    {...common, displayName: 'oracle', testMatch: ['<rootDir>/__tests__/**/*.oracle.test.ts']},
    {...common, displayName: 'cluster', testMatch: ['<rootDir>/__tests__/**/*.cluster.test.ts']},
    {...common, displayName: 'soak', testMatch: ['<rootDir>/__tests__/**/*.soak.test.ts']},
  ],
}
