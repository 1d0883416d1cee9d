import { relative } from 'node:path';
import process from 'node:process';

import { writeTape } from '../corpus/tape-file.ts';
import type { LoadedModel } from '../load/load-models.ts';
import type { Report } from '../report/report.ts';

/** The command that runs a failure again. */
export function again({ file, model }: LoadedModel, ...options: readonly string[]): string {
  return ['reprise', 'simulate', pathOf(file), '--model', model.name, ...options]
    .map(quoted)
    .join(' ');
}

/** The same for a new failure, whose tape is written into the corpus; a lost run has none. */
export function kept(loaded: LoadedModel, report: Report): string {
  const { kind, seed = 0, hash } = report.failure;
  return kind === 'divergence' || hash === ''
    ? again(loaded, '--from', `${seed}`, '--seeds', '1')
    : again(loaded, '--replay', pathOf(writeTape(loaded.corpus, report)));
}

/** As a reader in the current folder writes it. */
export function pathOf(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
