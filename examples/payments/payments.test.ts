import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { type Program, runProgram } from '../support/program.ts';
import { startLedger } from './ledger.ts';

const main = join(import.meta.dirname, 'main.ts');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'payments-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function run(...url: readonly string[]): Program {
  return runProgram(main, join(folder, 'cursors.db'), ...url);
}

test('payments arrive once each, in order, over the ends of streams and of programs', async () => {
  await using ledger = await startLedger();
  ledger.pay('Ada', '1');
  await using first = run(ledger.url);
  expect(await first.linesUntil(/paid 1$/)).toEqual([
    'fresh',
    'connecting',
    'connected',
    'Ada has paid 1',
  ]);

  ledger.endStreams();
  await first.linesUntil(/^disconnected$/);
  ledger.pay('Grace', '2');
  expect(await first.linesUntil(/paid 2$/)).toEqual([
    'connecting',
    'connected',
    'Grace has paid 2',
  ]);

  first.signal('SIGTERM');
  expect(await first.ended).toEqual({ status: 0, stderr: '', lines: [] });
  ledger.pay('Ada', '3');
  await using second = run(ledger.url);
  expect(await second.linesUntil(/paid 3$/)).toEqual([
    `resumed after ${2 * 4_294_967_296}`,
    'connecting',
    'connected',
    'Ada has paid 3',
  ]);
});

test('without a URL it starts a ledger', async () => {
  await using program = run();
  const lines = await program.linesUntil(/paid 2.00$/);
  expect(lines.slice(-2)).toEqual(['Ada has paid 1.00', 'Ada has paid 2.00']);
});
