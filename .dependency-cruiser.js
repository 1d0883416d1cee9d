// Who may import whom. The order of packages, and of the folders in each, is read from
// docs/architecture.md.
import { readLayers } from './tools/layers.ts';

const layers = readLayers();
const inside = (folder) => `^${folder.replace(/src$/, '')}`;
// `process/` stands for all that is in the folder, `index.ts` for one file.
const sourcesOf = (folder, entry) =>
  `^${folder}/${entry.replaceAll('.', '\\.')}${entry.endsWith('/') ? '' : '$'}`;

const folderOrder = layers.flatMap(({ folder, entries }) =>
  entries.slice(0, -1).map((entry, at) => ({
    name: 'folder-order',
    comment: 'a file imports its own folder and what stands above that in docs/architecture.md',
    severity: 'error',
    from: { path: sourcesOf(folder, entry) },
    to: { path: entries.slice(at + 1).map((later) => sourcesOf(folder, later)) },
  })),
);

const packageOrder = layers.slice(0, -1).map(({ folder }, at) => ({
  name: 'package-order',
  comment: 'a package may import only packages that stand above it in docs/architecture.md',
  severity: 'error',
  from: { path: inside(folder) },
  to: { path: layers.slice(at + 1).map((later) => inside(later.folder)) },
}));

export default {
  forbidden: [
    ...folderOrder,
    ...packageOrder,
    {
      name: 'no-cycle',
      comment: 'no two files import each other, through others or for a type either',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'front-door',
      comment: 'another package is imported by its name, not by a path into it',
      severity: 'error',
      from: { path: '^(packages/[^/]+|docs|examples|bench|tools)/' },
      to: { path: '^packages/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'only-sources',
      comment: 'what is published imports neither tests nor the tools of this repository',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(packages/[^/]+/test|docs|examples|bench|tools)/' },
    },
    {
      name: 'declared',
      comment: 'what is published imports only what its own package.json lists as a dependency',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // A peer is a development dependency besides, for the package's tests and for the root's.
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'web-platform',
      comment: 'the processes run in every browser: they import nothing of Node, and no package',
      severity: 'error',
      from: { path: '^packages/actor/src/', pathNot: '^packages/actor/src/xstate[./]' },
      to: { pathNot: '^packages/actor/src/' },
    },
    {
      name: 'web-platform-xstate',
      comment: 'processes for the actors of xstate import that besides, and nothing else',
      severity: 'error',
      from: { path: '^packages/actor/src/xstate[./]' },
      to: { pathNot: '^packages/actor/src/|/node_modules/xstate/' },
    },
    {
      name: 'web-platform-format',
      comment: 'the format is read and written on every platform: it imports nothing of Node',
      severity: 'error',
      from: { path: '^packages/sse/src/format[./]' },
      to: {
        pathNot:
          '^packages/sse/src/format/|^packages/actor/src/(text|options)\\.ts$|/node_modules/(eventsource-parser|@standard-schema/spec)/',
      },
    },
    {
      name: 'resolvable',
      comment: 'what is imported is there, and declared where it is imported',
      severity: 'error',
      // These are installed as a project of their own.
      from: { pathNot: '^tools/install/programs/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@reprise/source', 'import', 'node', 'types', 'default'],
    },
  },
};
