import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Contender } from './contender.ts';
import type { Sample } from './measure/sample.ts';

/** Longer than any program takes, in ms: it ends a program that hangs. */
const timeout = 10 * 60_000;

/**
 * Runs a contender's program in a process of its own. Rejects if it fails, or if it did not handle
 * exactly as many messages as were sent.
 */
export async function run(
  { command: [file, ...args], environment }: Contender,
  program: string,
  amount: number,
): Promise<Sample> {
  const { stdout } = await promisify(execFile)(file, [...args, program, String(amount)], {
    env: { ...process.env, ...environment },
    timeout,
  });
  const sample = JSON.parse(stdout) as Sample;
  if (sample.handled !== sample.sent) {
    throw new Error(`Expected ${sample.sent} to be handled, got ${sample.handled}`);
  }
  return sample;
}
