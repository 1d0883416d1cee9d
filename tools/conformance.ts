// Compares the catalogues of rules with the tests. For each area it prints the number of rows, and
// how many are tested, pass, or are decided against in the documentation. A row fails if it is
// neither tested nor decided against, or if its test fails. The tests of `pnpm test slow` are found
// by their titles and not run: a row that only they have counts as tested, in a column of its own.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';

import { titledFiles } from './models.ts';
import { root } from './root.ts';

interface Row {
  readonly id: string;
  /** The prefix of the ID, such as `EX`. */
  readonly area: string;
  readonly text: string;
}

interface TestResult {
  readonly title: string;
  /** Of a slow test: `not run`. */
  readonly status: string;
  /** The path from the root of the repository. */
  readonly file: string;
}

/** The page with the rows of a catalogue, and the page with the rows that we do not follow. */
interface Catalogue {
  readonly page: string;
  readonly decisions: string;
  /** Whether to print where each row is tested. */
  readonly showsPlaces?: true;
}

const catalogues: readonly Catalogue[] = [
  { page: 'docs/conformance/otp.md', decisions: 'docs/otp.md' },
  { page: 'docs/conformance/otp-more.md', decisions: 'docs/otp.md' },
  { page: 'docs/conformance/sse-client.md', decisions: 'docs/sse/limits.md' },
  { page: 'docs/conformance/simulation.md', decisions: 'docs/simulation.md' },
  { page: 'docs/conformance/positions.md', decisions: 'docs/sse/limits.md' },
  { page: 'docs/conformance/cluster.md', decisions: 'docs/cluster.md', showsPlaces: true },
  { page: 'docs/conformance/observer.md', decisions: 'docs/observer.md', showsPlaces: true },
];

type Outcome = 'passing' | 'failing' | 'only slow' | 'decided against' | 'missing';

const id = /[A-Z]{2,5}-?[A-Z]?\d\d/;
const rowLine = new RegExp(String.raw`^\| (${id.source}) \| (.*)$`, 'gm');

/** A text that opens with IDs, as far as these go; those of a store may come before by a name. */
const titleStart = new RegExp(String.raw`['"\`](?:\$\{\w+\})?((?:${id.source}[ ,:]+)+)`, 'g');

const results = [...runTests(), ...findSlowTests()];
const bad: string[] = [];
console.log(line('area', ['rows', 'tested', 'passing', 'only slow', 'decided against', 'missing']));
for (const catalogue of catalogues) {
  report(catalogue);
}
if (bad.length > 0) {
  console.error(`\nFAILED:\n${bad.join('\n')}`);
  process.exitCode = 1;
}

function report({ page, decisions, showsPlaces }: Catalogue): void {
  const rows = rowsOf(page);
  const against = new Set(rowsOf(decisions).map((row) => row.id));
  const outcomes = new Map(rows.map((row) => [row, outcomeOf(row, against)]));
  const areas = Map.groupBy(rows, ({ area }) => area);
  for (const [area, members] of [...areas, ['total', rows] as const]) {
    const count = (...wanted: readonly Outcome[]): number =>
      members.filter((row) => wanted.includes(outcomes.get(row) ?? 'missing')).length;
    const numbers = [
      members.length,
      count('passing', 'failing', 'only slow'),
      count('passing'),
      count('only slow'),
      count('decided against'),
      count('missing'),
    ];
    console.log(line(area, numbers));
  }
  for (const [row, outcome] of outcomes) {
    if (outcome === 'failing' || outcome === 'missing') {
      bad.push(`${row.id} ${outcome}: ${row.text}`);
    }
    if (showsPlaces) {
      console.log(`  ${row.id.padEnd(10)}${placesOf(row, outcome)}`);
    }
  }
}

/** `pnpm test` or `pnpm test slow`, or both, with the files. */
function placesOf(row: Row, outcome: Outcome): string {
  const files = Map.groupBy(testsOf(row), ({ status }) =>
    status === 'not run' ? 'pnpm test slow' : 'pnpm test',
  );
  const places = [...files].map(
    ([command, tests]) => `${command}: ${[...new Set(tests.map(({ file }) => file))].join(', ')}`,
  );
  return places.length === 0 ? outcome : places.join('; ');
}

/**
 * The rows of the tables whose first column is an ID, without those of part 3, which do not apply,
 * and those of a later release.
 */
function rowsOf(page: string): readonly Row[] {
  const [text = ''] = readFileSync(join(root, page), 'utf8').split(/^## (?:Part 3|Later)/m);
  return [...text.matchAll(rowLine)].map(([, name = '', rest = '']) => ({
    id: name,
    area: name.replace(/-?\d\d$/, ''),
    text: rest.split(' | ').slice(0, 3).join(' | '),
  }));
}

function testsOf(row: Row): readonly TestResult[] {
  return results.filter(({ title }) => idsOf(title).includes(row.id));
}

function outcomeOf(row: Row, against: ReadonlySet<string>): Outcome {
  const tests = testsOf(row);
  const run = tests.filter(({ status }) => status !== 'not run');
  if (tests.length === 0) {
    return against.has(row.id) ? 'decided against' : 'missing';
  }
  if (run.length === 0) {
    return 'only slow';
  }
  return run.every(({ status }) => status === 'passed') ? 'passing' : 'failing';
}

/** The IDs that a title opens with: `EX03 …`, or `EX03 EX05 …` for a test of several rows. */
function idsOf(title: string): readonly string[] {
  const [opening = ''] = new RegExp(String.raw`^(?:${id.source}[ ,:]+)+`).exec(title) ?? [];
  return opening.match(new RegExp(id.source, 'g')) ?? [];
}

function runTests(): readonly TestResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const file = join(folder, 'results.json');
  // Without jest's own output: failures show below, by row.
  spawnSync(
    process.execPath,
    [join(root, 'tools/jest.ts'), '--json', `--outputFile=${file}`, 'packages/', 'tools/models'],
    {
      stdio: 'ignore',
    },
  );
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly testResults: readonly {
      readonly name: string;
      readonly assertionResults: readonly Omit<TestResult, 'file'>[];
    }[];
  };
  rmSync(folder, { recursive: true });
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result) => ({ ...result, file: relative(root, name) })),
  );
}

/**
 * The titles with IDs in the files that `pnpm test slow` runs, in the rows that these share, and of
 * the models, all of whose mutants it tries.
 */
function findSlowTests(): readonly TestResult[] {
  const files = globSync('{packages,tools,bench}/**/*{.slow,-rows}.ts', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  });
  const models = titledFiles.map(([title]) => ({
    title,
    status: 'not run',
    file: 'tools/models.slow.ts',
  }));
  const tests = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(titleStart)].map(([, title = '']) => ({
      title,
      status: 'not run',
      file,
    })),
  );
  return [...tests, ...models];
}

function line(name: string, columns: readonly (string | number)[]): string {
  return name.padEnd(8) + columns.map((column) => String(column).padStart(17)).join('');
}
