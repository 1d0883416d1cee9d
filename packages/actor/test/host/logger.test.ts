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
      .filter((line) => !/^ +at /.test(line));
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

  test('it writes a crash with its process, its reason and its stack', async () => {
    const system = createSystem();
    spawn(system, () => {
      throw new Error('boom');
    });
    await settle(system);
    expect(lines().slice(0, 2)).toStrictEqual([
      'process #Pid<2> crashed: Error: boom',
      '    err: Error: boom',
    ]);
    expect(lines()).toContain('    process: #Pid<2>');
  });
});
