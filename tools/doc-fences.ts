// Writes every ```ts fence of the documentation, and of the docstrings of the packages, to
// docs/.fences/, one module a fence, for tsc to compile and jest to run. ```ts no-run is compiled
// only; ```ts ignore is neither.
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { otpSignatures } from './otp-signatures.ts';
import { root } from './root.ts';

interface Fence {
  /** The line of the page on which it opens, from 1. */
  readonly line: number;
  /** The words after the backticks: a language, then flags. */
  readonly info: readonly string[];
  readonly body: string[];
}

const folder = join(root, 'docs', '.fences');
const pages = globSync(
  ['README.md', 'docs/**/*.md', 'packages/*/README.md', 'packages/*/src/**/*.ts'],
  { cwd: root },
).toSorted();

mkdirSync(folder, { recursive: true });
const written = [
  ...pages.flatMap((page) => tsFences(page).map((fence) => write(page, fence))),
  writeCode('otp-signatures.no-run.ts', otpSignatures()),
];
removeOthers();

/** The files of the fences that jest runs. */
export const runnable: readonly string[] = written.filter((file) => file.endsWith('.run.ts'));

function tsFences(page: string): readonly Fence[] {
  return fencesOf(page).filter(({ info }) => info[0] === 'ts' && !info.includes('ignore'));
}

function fencesOf(page: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: Fence | undefined;
  for (const [index, text] of linesOf(page).entries()) {
    const mark = /^\s*```(.*)$/.exec(text);
    if (mark === null) {
      open?.body.push(text);
    } else if (open === undefined) {
      open = { line: index + 1, info: (mark[1] ?? '').trim().split(/\s+/), body: [] };
      fences.push(open);
    } else {
      open = undefined;
    }
  }
  if (open !== undefined) {
    throw new Error(
      `${page}:${open.line}: Expected the fence to be closed, got the end of the page`,
    );
  }
  return fences;
}

function linesOf(page: string): readonly string[] {
  const lines = readFileSync(join(root, page), 'utf8').split(/\r?\n/);
  return page.endsWith('.ts') ? docstringsOf(lines) : lines;
}

/** The text of the docstrings, line by line; lines of code become empty. */
function docstringsOf(lines: readonly string[]): readonly string[] {
  let isInside = false;
  return lines.map((line) => {
    isInside = isInside ? !line.endsWith('*/') : line.trim() === '/**';
    return isInside ? line.replace(/^\s*\* ?/, '') : '';
  });
}

function write(page: string, { line, info, body }: Fence): string {
  const kind = info.includes('no-run') ? 'no-run' : 'run';
  // The blank lines keep the line numbers of errors those of the page.
  const code = `${'\n'.repeat(line)}${body.join('\n')}\n`;
  return writeCode(`${page.replaceAll(/\W+/g, '-')}-${line}.${kind}.ts`, code);
}

function writeCode(name: string, code: string): string {
  const file = join(folder, name);
  // An unchanged file stays as it is: another check may be reading it.
  if (!existsSync(file) || readFileSync(file, 'utf8') !== code) {
    writeFileSync(file, code);
  }
  return file;
}

/** Removes the files of fences that are gone from the pages. */
function removeOthers(): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!written.includes(file)) {
      rmSync(file);
    }
  }
}
