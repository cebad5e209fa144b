// The import table of the architecture. A library is reached by its name only; npm links it, so a path inside it never shows.
const libs = [
  'contracts',
  'event-sourcing',
  'numbers',
  'bindings',
  'app-connector',
  'participants',
  'renewals',
  'numbering',
  'privacy',
  'sample-history',
  'sqlite',
  'store-embedded',
  'store-eventstoredb',
  'transport-embedded',
  'transport-kafka',
  'views',
  'runtime',
  'testing',
];
const domains = ['numbers', 'participants', 'renewals', 'bindings'];
const anyOf = (names) => `^libs/(${names.join('|')})/`;
const allBut = (...names) => anyOf(libs.filter((lib) => !names.includes(lib)));
const specs = '\\.spec\\.ts$';
const nest = '^(node_modules/)?(@nestjs|rxjs|reflect-metadata)(/|$)';

const only = (name, lib, allowed, more = {}) => ({
  name: `${name}`,
  severity: 'error',
  from: { path: `^libs/${lib}/src/`, pathNot: specs, ...more.from },
  to: { path: allBut(lib, ...allowed) },
});
const noNodeBuiltIns = (lib, pathNot = []) => ({
  name: `${lib}-without-node-built-ins`,
  severity: 'error',
  from: { path: `^libs/${lib}/src/`, pathNot: [specs, ...pathNot] },
  to: { dependencyTypes: ['core'] },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'contracts-types-import-nothing',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: [specs, '^libs/contracts/src/(validation|documents)/'] },
      to: { pathNot: '^libs/contracts/src/' },
    },
    {
      name: 'contracts-types-not-their-validation',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: [specs, '^libs/contracts/src/(validation|documents)/'] },
      to: { path: '^libs/contracts/src/(validation|documents)/' },
    },
    only('contracts-import-nothing-of-ours', 'contracts', []),
    {
      name: 'documents-without-nest',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^node_modules/@nestjs/' },
    },
    {
      name: 'event-sourcing-imports-nothing',
      severity: 'error',
      from: { path: '^libs/event-sourcing/src/', pathNot: specs },
      to: { pathNot: '^libs/event-sourcing/src/' },
    },
    ...[...domains, 'numbering'].flatMap((lib) => [
      only(`${lib}-imports`, lib, ['event-sourcing', 'contracts']),
      noNodeBuiltIns(lib),
      {
        name: `${lib}-types-of-contracts`,
        severity: 'error',
        from: { path: `^libs/${lib}/src/`, pathNot: specs },
        to: { path: '^libs/contracts/src/(validation|documents)/' },
      },
    ]),
    only('privacy-imports', 'privacy', ['contracts', 'event-sourcing']),
    {
      name: 'privacy-files-in-one-file',
      severity: 'error',
      from: { path: '^libs/privacy/src/', pathNot: [specs, '^libs/privacy/src/key-file\\.ts$'] },
      to: { path: '^(node:)?(fs|fs/promises)$' },
    },
    only('app-connector-imports', 'app-connector', ['bindings', 'contracts', 'privacy', 'event-sourcing', 'sqlite']),
    only('sample-history-imports', 'sample-history', ['contracts']),
    only('sqlite-imports', 'sqlite', ['event-sourcing']),
    only('store-embedded-imports', 'store-embedded', ['event-sourcing', 'sqlite']),
    only('store-eventstoredb-imports', 'store-eventstoredb', ['event-sourcing']),
    only('transport-embedded-imports', 'transport-embedded', ['event-sourcing', 'sqlite']),
    only('transport-kafka-imports', 'transport-kafka', ['event-sourcing', 'contracts']),
    only('views-imports', 'views', [
      'event-sourcing',
      'contracts',
      'sqlite',
      'store-embedded',
      'numbers',
      'participants',
      'numbering',
    ]),
    only('testing-imports', 'testing', ['event-sourcing', 'contracts', 'sqlite']),
    {
      name: 'runtime-without-domains',
      severity: 'error',
      from: { path: '^libs/runtime/src/', pathNot: specs },
      to: { path: anyOf([...domains, 'numbering', 'sample-history', 'testing', 'app-connector']) },
    },
    {
      name: 'nest-in-apps-and-runtime',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/runtime/', '^libs/contracts/src/validation/', specs] },
      to: { path: nest, pathNot: 'reflect-metadata' },
    },
    {
      name: 'better-sqlite3-has-one-owner',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/sqlite/', specs] },
      to: { path: 'node_modules/better-sqlite3', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'kafkajs-has-one-owner',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/transport-kafka/', specs] },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'eventstoredb-client-has-one-owner',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/store-eventstoredb/', '^libs/testing/src/eventstoredb/', specs] },
      to: { path: 'node_modules/@eventstore/' },
    },
    {
      name: 'wire-server-on-generated-files-only',
      severity: 'error',
      from: { path: '^libs/testing/' },
      to: { path: 'node_modules/@eventstore/db-client/', pathNot: '/generated/' },
    },
    {
      name: 'pg-has-one-owner',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/views/src/postgresql/', '^libs/testing/src/postgresql/', specs] },
      to: { path: 'node_modules/(@types/)?pg/' },
    },
    {
      name: 'apps-without-testing',
      severity: 'error',
      from: { path: '^apps/', pathNot: specs },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'apps-without-other-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: ['^apps/standalone/', specs] },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-without-apps', severity: 'error', from: { path: '^libs/', pathNot: specs }, to: { path: '^apps/' } },
    {
      name: 'by-name-only',
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/', pathNot: specs },
      to: { path: '^(libs|apps)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
