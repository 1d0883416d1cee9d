// Runs every check by name: `pnpm test` all of them, `pnpm test lint types` only those, `pnpm test
// quick` those for daily work. A check that fails does not keep the others from running: one run
// shows every failure. Programs are found on the PATH that pnpm sets up.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

import { compileCache } from './compile-cache.ts';
import { nearest } from './nearest.ts';
import { root } from './root.ts';

interface Check {
  readonly command: string;
  /** Its description in `--help`. */
  readonly about: string;
}

/** Not run unless it is named. */
const slow: Readonly<Record<string, Check>> = {
  slow: {
    command: 'node tools/jest.ts --slow',
    about: 'installs, other runtimes, lasting faults of nodes and databases, kills, many seeds',
  },
};

/** In the order in which they run: `api`, `packages` and `size` need the output of `types`. */
const checks: Readonly<Record<string, Check>> = {
  fences: {
    command: 'node tools/doc-fences.ts',
    about: 'writes the code blocks of the documentation out, for types, unused and jest',
  },
  format: { command: 'oxfmt --check', about: 'the format of every file (oxfmt)' },
  types: { command: 'tsc -b', about: 'the types of sources, tests, code blocks, tools (tsc)' },
  lint: { command: 'oxlint --deny-warnings', about: 'lint rules that know the types (oxlint)' },
  order: {
    command: 'depcruise --output-type err-long packages docs examples bench tools',
    about: 'which folder may import which (dependency-cruiser, docs/architecture.md)',
  },
  measure: {
    command: 'node tools/measure.ts',
    about: 'lengths of functions and classes, and imports between folders, against their limits',
  },
  docstrings: {
    command: 'node tools/docstrings.ts',
    about: 'an @example, and @throws, for the functions that packages export',
  },
  api: {
    command: 'node tools/api.ts',
    about: 'the public surface of each entry, against the reports in api/ (api-extractor)',
  },
  unused: { command: 'knip', about: 'unused files, exports and dependencies (knip)' },
  packages: {
    command: 'node tools/bundle.ts && node tools/packages.ts',
    about: 'the packages as they would be published, compiled and run by a project outside',
  },
  size: {
    command: 'node tools/bundle.ts && node tools/page.ts && size-limit',
    about: 'the bytes that the packages add to a bundle (size-limit, .size-limit.json)',
  },
  simulate: {
    command: 'pnpm simulate --jobs 1 --seeds 50',
    about: 'known failures, then 50 seeds, of each model in packages/simulation/models',
  },
  jest: { command: 'node tools/jest.ts', about: 'all tests' },
};

const quick: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(
    Object.entries(checks).filter(([name]) => ['fences', 'format', 'types', 'lint'].includes(name)),
  ),
  jest: { command: 'node tools/jest.ts --quick', about: 'all tests but the slow ones' },
};

const help = `Usage: pnpm test [quick | NAME…]

Without a name it runs every check:
${Object.entries(checks)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}

  slow        ${slow['slow']?.about}
  quick       ${Object.keys(quick).join(', ')}, in a minute. It leaves out
              ${Object.keys(checks)
                .filter((name) => !(name in quick))
                .join(
                  ', ',
                )}, and the test files that tools/slow-tests.ts lists: those that run whole
              programs, browsers, properties, or streams of many megabytes.`;

const env = { ...compileCache, ...process.env };

const given = process.argv.slice(2);
if (given.includes('--help')) {
  console.log(help);
} else {
  installIfChanged();
  await runAll(chosen(given));
}

function chosen(names: readonly string[]): Readonly<Record<string, Check>> {
  const known = ['quick', 'slow', ...Object.keys(checks)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(
      `Expected one of ${known.join(', ')}, got ${unknown} (did you mean ${nearest(unknown, known)}?)`,
    );
    process.exit(2);
  }
  if (names.length === 0) {
    return checks;
  }
  const named = Object.entries({ ...checks, ...slow }).filter(([name]) => names.includes(name));
  return { ...(names.includes('quick') ? quick : {}), ...Object.fromEntries(named) };
}

/** Jest runs beside the other checks, which run one after the other. */
async function runAll({ fences, jest, ...others }: Readonly<Record<string, Check>>): Promise<void> {
  const failed: string[] = [];
  const run = async (name: string, runOne: typeof runs, check: Check): Promise<void> => {
    if (!(await runOne(name, check))) {
      failed.push(name);
    }
  };
  // First: other checks read the files that it writes.
  if (fences !== undefined) {
    await run('fences', runs, fences);
  }
  const beside = jest === undefined ? undefined : run('jest', runsLive, jest);
  for (const [name, check] of Object.entries(others)) {
    await run(name, name in slow ? runsLive : runs, check);
  }
  await beside;
  if (failed.length > 0) {
    console.error(`\nFAILED: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}

/** Prints one line when the check is over, and its output only if it failed. */
async function runs(name: string, { command }: Check): Promise<boolean> {
  const from = performance.now();
  const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await once(child, 'close')) as [number | null];
  const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
  console.log(`${name.padEnd(12)}${status === 0 ? 'ok    ' : 'FAILED'}${seconds} s`);
  if (status !== 0) {
    console.log(`$ ${command}\n${(await output).join('')}`);
  }
  return status === 0;
}

/** Prints the output of the check as it comes. */
async function runsLive(name: string, { command }: Check): Promise<boolean> {
  console.log(name);
  const child = spawn(command, { cwd: root, env, shell: true, stdio: 'inherit' });
  const [status] = (await once(child, 'close')) as [number | null];
  return status === 0;
}

/**
 * `pnpm test` installs missing packages before this runs; `node tools/check.ts` after a pull or a
 * rebase does not. Pnpm keeps a copy of the lockfile that it installed last.
 */
function installIfChanged(): void {
  const installed = join(root, 'node_modules/.pnpm/lock.yaml');
  const wanted = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    spawnSync('pnpm install --frozen-lockfile', { cwd: root, shell: true, stdio: 'inherit' });
  }
}
