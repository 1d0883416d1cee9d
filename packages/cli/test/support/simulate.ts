import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runReprise } from './reprise.ts';

/** The folder with the models of the tests. */
export const models: string = join(import.meta.dirname, '..', 'models');
export const lottery: string = join(models, 'lottery.ts');
export const tickets: string = join(models, 'tickets.ts');

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'reprise-simulate-'));
}

interface Simulated {
  readonly status: number | string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** The lines of stdout. */
  readonly text: string;
  readonly corpus: string;
}

/** Runs `reprise simulate` with a corpus of its own, and one job: the seeds come in order. */
export async function runSimulate(...args: readonly string[]): Promise<Simulated> {
  const corpus = newFolder();
  const jobs = args.includes('--jobs') ? [] : ['--jobs', '1'];
  const ran = await runReprise('simulate', ...args, ...jobs, '--corpus', corpus);
  return { ...ran, text: ran.stdout.join('\n'), corpus };
}

interface Found {
  readonly status: number | string;
  readonly stderr: readonly string[];
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** The lines of `--json` of one type. */
export async function findLines(type: string, ...args: readonly string[]): Promise<Found> {
  const { status, stdout, stderr } = await runSimulate(...args, '--json');
  const lines = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { status, stderr, lines: lines.filter((line) => line['type'] === type) };
}
