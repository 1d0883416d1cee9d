// Prints how the sources of each package are built: the lengths of functions and classes, the
// casts, and the imports between folders. Exits with 1 when a package is over a limit.
import { globSync } from 'node:fs';
import process from 'node:process';

import { type ImportGraph, importGraph } from './import-graph.ts';
import { readLayers } from './layers.ts';
import { root } from './root.ts';
import { measureFile, type Piece } from './source-file.ts';

/** In lines of code: lines that are blank, or nothing but comment, are not counted. */
const limits = { median: 6, percentile95: 21, longest: 50, class: 250 } as const;

interface Measure {
  readonly name: string;
  readonly files: number;
  readonly lines: number;
  /** By length, the shortest first. */
  readonly functions: readonly Piece[];
  readonly classes: readonly Piece[];
  readonly casts: number;
  readonly graph: ImportGraph;
}

const measures = readLayers().map(({ folder, entries }): Measure => {
  const paths = globSync(`${folder}/**/*.ts`, { cwd: root }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  const files = paths.map(measureFile);
  return {
    name: folder.replace(/^packages\/(.*)\/src$/, '$1'),
    files: files.length,
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    functions: byLength(files.flatMap(({ functions }) => functions)),
    classes: byLength(files.flatMap(({ classes }) => classes)),
    casts: files.reduce((sum, { casts }) => sum + casts, 0),
    graph: importGraph(folder, entries, files),
  };
});

const rows: readonly (readonly [string, (measure: Measure) => number | string])[] = [
  ['files', ({ files }) => files],
  ['lines of code', ({ lines }) => lines],
  ['functions with a name', ({ functions }) => functions.length],
  ['  median length', ({ functions }) => quantile(functions, 0.5)],
  ['  95th percentile', ({ functions }) => quantile(functions, 0.95)],
  ['  longest', ({ functions }) => quantile(functions, 1)],
  ['  over 30 lines', ({ functions }) => longerThan(30, functions).length],
  ['  over 50 lines', ({ functions }) => longerThan(50, functions).length],
  ['longest class', ({ classes }) => quantile(classes, 1)],
  ['classes over 250 lines', ({ classes }) => longerThan(250, classes).length],
  ['casts', ({ casts }) => casts],
  ['  per 1000 lines', ({ casts, lines }) => ((casts / lines) * 1000).toFixed(1)],
  ['folders', ({ graph }) => graph.folders],
  ['imports between entries', ({ graph }) => graph.arrows],
  ['  of a later entry', ({ graph }) => graph.back.length],
  ['cycles of files', ({ graph }) => graph.cycles.length],
];

console.log(
  line(
    '',
    measures.map(({ name }) => name),
  ),
);
for (const [label, valueOf] of rows) {
  console.log(line(label, measures.map(valueOf)));
}
const broken = measures.flatMap(problemsOf);
if (broken.length > 0) {
  console.error(`\nFAILED:\n${broken.join('\n')}`);
  process.exitCode = 1;
}

function problemsOf({ name, functions, classes, graph }: Measure): readonly string[] {
  return [
    ...above(`${name}: median length of functions`, quantile(functions, 0.5), limits.median),
    ...above(
      `${name}: 95th percentile of the lengths of functions`,
      quantile(functions, 0.95),
      limits.percentile95,
    ),
    ...longerThan(limits.longest, functions).flatMap((piece) =>
      above(`${piece.place}: lines of ${piece.name}`, piece.lines, limits.longest),
    ),
    ...longerThan(limits.class, classes).flatMap((piece) =>
      above(`${piece.place}: lines of class ${piece.name}`, piece.lines, limits.class),
    ),
    ...graph.back.map((arrow) => `Expected imports of earlier entries only, got ${arrow}`),
    ...graph.cycles.map((cycle) => `Expected no cycle, got ${cycle.join(' → ')}`),
  ];
}

function above(label: string, value: number, limit: number): readonly string[] {
  return value > limit ? [`${label}: Expected at most ${limit}, got ${value}`] : [];
}

function byLength(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.toSorted((a, b) => a.lines - b.lines);
}

function longerThan(limit: number, pieces: readonly Piece[]): readonly Piece[] {
  return pieces.filter(({ lines }) => lines > limit);
}

/** The nearest-rank quantile; 0 of an empty list. */
function quantile(sorted: readonly Piece[], share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)]?.lines ?? 0;
}

function line(label: string, columns: readonly (string | number)[]): string {
  return label.padEnd(26) + columns.map((column) => String(column).padStart(9)).join('');
}
