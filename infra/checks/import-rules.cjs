/** Who may import whom (design, section 1). Patterns are kept plain: the checker refuses nested quantifiers. */
const TESTS = '[.](test|fixture)[.]ts$|/testing/|/test/';
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule(
      'domain-is-pure',
      'domain imports itself, kernel and contracts: no I/O',
      { path: '^services/([^/]+)/src/domain/', pathNot: TESTS },
      {
        pathNot: ['^services/$1/src/domain/', '^libs/(kernel|contracts)/'],
      },
    ),
    rule(
      'services-are-apart',
      'no service imports another; only the runner and the benches put them together',
      { path: '^services/([^/]+)/', pathNot: '^services/runner/' },
      {
        path: '^services/',
        pathNot: '^services/$1/',
      },
    ),
    rule(
      'kafkajs-in-bus-only',
      'kafkajs stays behind the port',
      { pathNot: ['^libs/bus/', 'kafkajs-works', '^infra/bench/'] },
      { path: 'node_modules/kafkajs/' },
    ),
    rule(
      'kavenegar-in-its-adapter-only',
      'the package is used as an endpoint map by one file',
      { pathNot: '^services/messaging/src/providers/' },
      { path: 'node_modules/kavenegar/' },
    ),
    rule(
      'sql-in-store-only',
      'SQL libraries belong to store/',
      { path: '^services/([^/]+)/src/(domain|use-cases|http|events|jobs)/', pathNot: TESTS },
      {
        path: 'node_modules/(drizzle-orm|postgres)/',
      },
    ),
    rule(
      'kernel-stands-alone',
      'kernel imports nothing of ours',
      { path: '^libs/kernel/' },
      { path: '^(libs|services|infra)/', pathNot: '^libs/kernel/' },
    ),
    rule(
      'contracts-on-kernel',
      'libs depend downwards',
      { path: '^libs/contracts/' },
      { path: '^(libs|services|infra)/', pathNot: '^libs/(kernel|contracts)/' },
    ),
    rule(
      'bus-on-contracts',
      'libs depend downwards',
      { path: '^libs/bus/' },
      { path: '^(libs|services|infra)/', pathNot: '^libs/(kernel|contracts|bus)/' },
    ),
    rule(
      'platform-on-bus',
      'libs depend downwards',
      { path: '^libs/platform/' },
      { path: '^(libs|services|infra)/', pathNot: '^libs/(kernel|contracts|bus|platform)/' },
    ),
    rule(
      'testing-is-not-shipped',
      'the test library is for tests',
      { path: '^(services|libs)/', pathNot: ['^libs/testing/', TESTS] },
      { path: '^libs/testing/' },
    ),
    rule('no-cycles', 'a circle of files has no beginning', {}, { circular: true }),
    rule('no-unresolvable', 'every import is found', { pathNot: TESTS }, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'migrations/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs'],
    },
  },
};
