/**
 * The layers, from the top: an import points down this list or stays within its folder. Types count: a type of a higher
 * layer ties a lower one to it just the same.
 */
const layers = [
  'main',
  'cli',
  'service',
  '(http|mcp)',
  'agent',
  'workers',
  'alerts',
  'access',
  'live',
  'mirror',
  'runs',
  'readings',
  'meters',
  'collection',
  'db',
  'config',
  'wire',
  'lib',
]

const inLayer = (layer) => `^src/${layer}(/|\\.ts$)`

/** The page's folders, likewise. */
const pageLayers = ['main', 'app', '(status|preview|login)', 'meters', 'runs', 'ui', 'data', 'routing']
const inPage = (layer) => `^web/src/${layer}(/|\\.tsx$)`

const pointDown = (names, path) =>
  names.slice(1).map((layer, at) => ({
    name: `${layer.replaceAll(/\W+/g, '-')}-points-down`,
    severity: 'error',
    from: { path: path(layer) },
    to: {
      path: names
        .slice(0, at + 1)
        .map(path)
        .join('|'),
      pathNot: path(layer),
    },
  }))

export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...pointDown(layers, inLayer),
    {
      name: 'every-folder-is-a-layer',
      comment: 'A new folder of src/ needs its place in the list above.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...layers.map(inLayer), '^src/demo/'] },
      to: {},
    },
    {
      name: 'http-and-mcp-see-only-the-agent',
      comment: 'Page, API and assistants cannot drift apart when all of them ask the agent.',
      severity: 'error',
      from: { path: '^src/(http|mcp)/' },
      to: { path: '^src/', pathNot: '^src/(agent\\.ts|wire/|lib/|config/|http/|mcp/)' },
    },
    {
      name: 'demonstration-apart',
      comment: 'Only the command serve loads the demonstration, and nothing of it is loaded in production.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(demo/|cli/serve\\.ts)' },
      to: { path: '^src/demo/' },
    },
    {
      name: 'page-imports-wire-types',
      severity: 'error',
      from: { path: '^web/src/' },
      to: { path: '^src/', pathNot: '^src/wire/' },
    },
    {
      name: 'page-imports-types-only',
      comment:
        'Both run the condition, the words of reasons and the closed lists, so that page, commands and assistants agree.',
      severity: 'error',
      from: { path: '^web/src/' },
      to: {
        path: '^src/',
        pathNot: '^src/wire/(condition|lists|reason-words)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    ...pointDown(pageLayers, inPage),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js'] },
  },
}
