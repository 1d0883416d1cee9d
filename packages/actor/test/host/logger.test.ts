import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSystem, spawn } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

import { stderrLogger } from '../../src/host/logger.ts';

describe('the logger of a system that was given none', () => {
  let written: unknown[][];

  beforeEach(() => {
    written = [];
    jest.spyOn(console, 'error').mockImplementation((...values) => void written.push(values));
  });

  /** The lines that it writes, without the frames of stacks. */
  function lines(): string[] {
    return written
      .flatMap(([text]) => String(text).split('\n'))
      .filter((line) => !/^ +(?:at|… \d+ frames?) /.test(line));
  }

  test.each(['error', 'warn'] as const)(
    '%s writes the message, then one line a detail',
    (level) => {
      stderrLogger()[level]({ ms: 120, child: 'db', nested: { a: [1, 2] } }, 'it was slow');
      expect(written).toStrictEqual([
        ['it was slow\n    ms: 120\n    child: db\n    nested: {"a":[1,2]}'],
      ]);
    },
  );

  test('a message without details is one line', () => {
    stderrLogger().warn({}, 'it was slow');
    expect(written).toStrictEqual([['it was slow']]);
  });

  test('lines of a detail after the first are indented below it', () => {
    stderrLogger().error({ text: 'first\nsecond' }, 'message');
    expect(lines()).toStrictEqual(['message', '    text: first', '    second']);
  });

  test('an error is written with its stack and its causes', () => {
    const cause = new TypeError('the disk is full');
    const middle = new Error('could not save', { cause });
    stderrLogger().error({ err: new Error('boom', { cause: middle }) }, 'crashed');
    expect(lines()).toStrictEqual([
      'crashed',
      '    err: Error: boom',
      '    caused by: Error: could not save',
      '    caused by: TypeError: the disk is full',
    ]);
    expect(written[0]?.[0]).toMatch(/\n +at .*logger\.test\.ts/);
  });

  test('a cause that is no error is written as it is', () => {
    stderrLogger().error({ err: new Error('boom', { cause: { code: 7 } }) }, 'crashed');
    expect(lines()).toStrictEqual(['crashed', '    err: Error: boom', '    caused by: {"code":7}']);
  });

  test('an error that is its own cause is written', () => {
    const error = new Error('boom');
    error.cause = error;
    stderrLogger().error({ err: error }, 'crashed');
    expect(lines().slice(0, 2)).toStrictEqual(['crashed', '    err: Error: boom']);
  });

  test('a report does not control the terminal', () => {
    let err: unknown;
    try {
      JSON.parse('\u001B[2J\u009B1m');
    } catch (error) {
      err = error;
    }
    stderrLogger().error({ err, state: 'a\tb\r\u007F' }, 'crashed\u0007');
    expect(lines()).toStrictEqual([
      String.raw`crashed\x07`,
      expect.stringContaining(String.raw`"\x1b[2J\x9b1m" is not valid JSON`),
      String.raw`    state: a${'\t'}b\x0d\x7f`,
    ]);
  });

  const circular: Record<string, unknown> = {};
  circular['itself'] = circular;

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [1n, '"1"'],
    [Symbol('s'), '"Symbol(s)"'],
    [circular, '{"itself":"[circular]"}'],
  ])('a value that JSON cannot tell is written all the same', (value, text) => {
    stderrLogger().warn({ value }, 'message');
    expect(lines()).toStrictEqual(['message', `    value: ${text}`]);
  });

  test('a detail that the message has is not repeated, nor is an empty one written', () => {
    const err = new TypeError('boom\nboom');
    const details = { child: 'db', err, reason: 'boom boom', links: [], lastMessage: {}, ms: 1 };
    stderrLogger().error(details, 'child "db" crashed: TypeError: boom boom');
    expect(lines()).toStrictEqual(['child "db" crashed: TypeError: boom boom', '    ms: 1']);
  });

  test('of a stack the frames of the program are written, those of Reprise and Node are folded', () => {
    const err = new Error('boom');
    err.stack = [
      'Error: boom',
      '    at mine (file:///app/main.js:1:1)',
      '    at Object.handleInfo (/app/node_modules/@reprise/sse/dist/client/server.js:1:1)',
      '    at async file:///app/node_modules/.pnpm/@reprise+actor@1/node_modules/@reprise/actor/src/a.ts:1:1',
      '    at node:internal/process/task_queues:1:1',
      '    at Array.map (<anonymous>)',
      '    at Object.<anonymous> (/app/packages/actor/src/mine.ts:1:1)',
    ].join('\n');
    stderrLogger().error({ err }, 'crashed: Error: boom');
    expect(String(written[0]?.[0]).split('\n')).toStrictEqual([
      'crashed: Error: boom',
      '    at mine (file:///app/main.js:1:1)',
      '    … 4 frames of @reprise/sse, @reprise/actor, node',
      '    at Object.<anonymous> (/app/packages/actor/src/mine.ts:1:1)',
    ]);
  });

  test('it writes a crash with its process, its reason and its stack', async () => {
    const system = createSystem();
    spawn(system, () => {
      throw new Error('boom');
    });
    await settle(system);
    expect(lines().slice(0, 2)).toStrictEqual([
      'process #Pid<2> crashed: Error: boom',
      '    ancestors: ["#Pid<1>"]',
    ]);
    expect(written[0]?.[0]).toMatch(/\n +at .*logger\.test\.ts/);
  });
});
