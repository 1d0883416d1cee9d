import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, test } from '@jest/globals';

import type { Told } from './support/listeners-program.ts';

const program = join(import.meta.dirname, 'support', 'listeners-program.ts');

/** Of a program of its own: jest keeps the exceptions and rejections of a test for itself. */
let results: readonly Told[] = [];

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--no-warnings',
    '--conditions=@reprise/source',
    program,
  ]);
  results = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
});

function resultOf(name: string, how: string): Told {
  return results.find((result) => result.name === name && result.how === how) as Told;
}

describe.each(['throws', 'rejects'])('a listener that %s', (how) => {
  const logged = expect.stringMatching(/^logged: #Pid<\d>: onStatus failed: Error: mine$/);
  const warned = expect.stringMatching(/^warning: #Pid<\d>: onStatus failed: Error: mine$/);
  const uncaught = 'uncaught: mine';

  test.each([
    ['onStatus of a client', logged, ['a']],
    ['onStatus of a listener', logged, 'notifications/tools/list_changed'],
    ['onStatus of events', warned, ['a']],
    ['onStatus of events in a process', logged, ['a']],
    ['onStatus of guarded', uncaught, 'data: a\n\n'],
    ['onEntry of chaos', uncaught, '1'],
    ['onmessage of an EventSource', uncaught, 'b'],
    ['a function as a listener', uncaught, 'b'],
    ['an object as a listener', uncaught, 'b'],
    ['close of a store', expect.stringContaining('cursor could not be closed'), ['a']],
  ])('is reported, and changes nothing: %s', (name, report, outcome) => {
    const result = resultOf(name, how);
    expect(result.outcome).toEqual(outcome);
    expect(result.told).not.toEqual([]);
    expect(result.told).toEqual(result.told.map(() => report));
  });

  test('fails the start where it is waited for: open of a store', () => {
    const { told, outcome } = resultOf('open of a store', how);
    expect(told).toEqual([]);
    expect(outcome).toContain('Error: mine');
  });
});

describe('a promise in place of a value is refused, and its rejection ends no program', () => {
  test.each([
    'until of a client',
    'renew of a client',
    'gapOf of a client',
    'cursorOf of a client',
    'mark of a client',
    'contentType of a client',
    'classify of a client',
    'contentType of guarded',
    'redirectDelay of guarded',
    'until of guarded',
    'plan of chaos',
    'formatStatus of a server',
  ])('%s', (name) => {
    const { told, outcome } = resultOf(name, 'rejects');
    expect(told.filter((text) => text.startsWith('unhandled'))).toEqual([]);
    expect(JSON.stringify([told, outcome])).toContain('a promise: is an `await` missing?');
  });
});

test.each([
  ['contentType of guarded', 'FetchError: contentType failed: Error: mine < Error: mine'],
  ['redirectDelay of guarded', 'FetchError: redirectDelay failed: Error: mine < Error: mine'],
  ['until of guarded', 'Error: mine'],
])('an error tells which function of the options threw: %s', (name, error) => {
  expect(resultOf(name, 'throws').outcome).toContain(error);
});

test('a plan of chaos that throws is an uncaught exception, and its connection is closed', () => {
  const { told, outcome } = resultOf('plan of chaos', 'throws');
  expect(told).toEqual(['uncaught: mine']);
  expect(outcome).toContain('gave up: ECONNRESET');
});
