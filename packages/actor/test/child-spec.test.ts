import { describe, expect, test } from '@jest/globals';
import {
  type ChildOptions,
  childSpec,
  type ChildSpec,
  GenServer,
  ok,
  type Pid,
} from '@reprise/actor';

import { assertChildSpec } from '../src/child-spec.ts';

const start = (): Promise<Pid | undefined> => Promise.resolve(undefined);
const startForm = 'a function (parent) => Promise<Pid>';
const worker = GenServer.define({ init: (count: number) => ok(count) });

describe('childSpec', () => {
  test('SS11 a worker is permanent and has 5,000 ms to shut down by default', () => {
    expect(childSpec(start, { id: 'a' })).toStrictEqual({
      id: 'a',
      start,
      restart: 'permanent',
      shutdown: 5000,
      type: 'worker',
      significant: false,
    });
  });

  test('SS11 a supervisor has all the time it needs to shut down by default', () => {
    expect(childSpec(start, { id: 'a', type: 'supervisor' })).toStrictEqual({
      id: 'a',
      start,
      restart: 'permanent',
      shutdown: Infinity,
      type: 'supervisor',
      significant: false,
    });
  });

  test('SS11 a server has the defaults of a worker', () => {
    expect(GenServer.childSpec(worker, 0, { id: 'a' })).toStrictEqual({
      id: 'a',
      start: expect.any(Function),
      restart: 'permanent',
      shutdown: 5000,
      type: 'worker',
      significant: false,
    });
  });

  test.each<Omit<ChildOptions, 'id'>>([
    { restart: 'permanent' },
    { restart: 'transient' },
    { restart: 'temporary' },
    { shutdown: 0 },
    { shutdown: 100 },
    { shutdown: Infinity },
    { shutdown: 'brutalKill' },
    { significant: true },
  ])('keeps %j as given', (option) => {
    expect(childSpec(start, { id: 'a', ...option })).toMatchObject(option);
    expect(GenServer.childSpec(worker, 0, { id: 'a', ...option })).toMatchObject(option);
  });
});

describe('a bad child spec', () => {
  const good: ChildSpec = childSpec(start, { id: 'a' });
  const { id: _id, ...nameless } = good;

  const wrong: readonly (readonly [string, string, object, Error])[] = [
    [
      'SS13',
      'an id of 5',
      { id: 5 },
      new TypeError(`Expected a child spec with an id, got ${JSON.stringify({ ...good, id: 5 })}`),
    ],
    ['SS13', 'no start', { start: undefined }, bad('start', `${startForm}, got undefined`)],
    ['SS16', 'a start of 5', { start: 5 }, bad('start', `${startForm}, got 5`)],
    [
      'SS16',
      'an unknown restart',
      { restart: 'always' },
      bad('restart', '"permanent" or "transient" or "temporary", got "always"'),
    ],
    [
      'SS16',
      'an unknown type',
      { type: 'boss' },
      bad('type', '"worker" or "supervisor", got "boss"'),
    ],
    ['SS16', 'significant 1', { significant: 1 }, bad('significant', 'true or false, got 1')],
    ['SP16', 'a shutdown of -1', { shutdown: -1 }, badShutdown('-1')],
    ['SP16', 'a shutdown of -Infinity', { shutdown: -Infinity }, badShutdown('-Infinity')],
    ['SP16', 'a shutdown of NaN', { shutdown: NaN }, badShutdown('NaN')],
    ['SP16', 'a bigint for shutdown', { shutdown: 5n }, badShutdown('5n')],
    ['SP16', 'a word for shutdown', { shutdown: 'soon' }, badShutdown('"soon"')],
  ];

  test.each(wrong)('%s %s is refused', (_row, _case, change, error) => {
    const caught = thrownBy(() => assertChildSpec({ ...good, ...change }));
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
  });

  test.each(wrong)('%s %s is refused by childSpec', (_row, _case, change, error) => {
    const { start: given, ...options } = { ...good, ...change };
    const caught = thrownBy(() => childSpec(given, options));
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
  });

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['a', '"a"'],
    [nameless, JSON.stringify(nameless)],
  ])('SS13 a spec without an id is refused: %j', (spec, got) => {
    const attempt = (): void => assertChildSpec(spec as ChildSpec);
    expect(attempt).toThrow(new TypeError(`Expected a child spec with an id, got ${got}`));
    expect(attempt).toThrow(TypeError);
  });

  test('SS15 unknown keys are refused', () => {
    const more = { ...good, restarts: 'permanent' };
    expect(() => assertChildSpec(more)).toThrow(
      new TypeError('Expected an option of child "a", got `restarts`: did you mean `restart`?'),
    );
  });
});

function bad(field: string, rest: string): TypeError {
  return new TypeError(`Expected ${field} of child "a" to be ${rest}`);
}

function badShutdown(got: string): RangeError {
  return new RangeError(
    `Expected shutdown of child "a" to be milliseconds from 0 on, Infinity or 'brutalKill', got ${got}`,
  );
}

function thrownBy(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
