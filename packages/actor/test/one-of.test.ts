import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  Application,
  childSpec,
  createSystem,
  isAlive,
  type MailboxOptions,
  monitor,
  type Pid,
  Registry,
  spawn,
  Supervisor,
  Task,
} from '@reprise/actor';
import { createProbe, createTestSystem } from '@reprise/actor/testing';

import { assertOneOf } from '../src/one-of.ts';
import { forever } from './support/processes.ts';

const suggestion = (value: unknown, ...allowed: readonly unknown[]): string => {
  try {
    assertOneOf('Expected it to be', value, allowed);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('an option that is one of several words', () => {
  test('names the nearest word for a misspelt one', () => {
    expect(suggestion('ignroe', 'nothing', 'ignore')).toBe(
      'Expected it to be "nothing" or "ignore", got "ignroe": did you mean "ignore"?',
    );
    expect(suggestion('one_for_one', 'oneForOne', 'oneForAll')).toMatch(
      /did you mean "oneForOne"\?$/,
    );
  });

  test.each(['entirely', '', 7, undefined, null, ['ignore'], 'x'.repeat(10_000_000)])(
    'names none for a value that is near to none: %p',
    (value) => {
      expect(suggestion(value, 'nothing', 'ignore')).not.toContain('did you mean');
    },
  );

  const nothing = { id: 'a', start: async (): Promise<Pid> => createSystem().pid };
  const word = 'killTaks' as never;

  test.each<[string, (system: ReturnType<typeof createTestSystem>) => unknown]>([
    ['onTimeout', (system) => Task.yieldMany(system, [], { onTimeout: word })],
    ['onTimeout', (system) => Task.asyncStream(system, [1], (n) => n, { onTimeout: word })],
    ['alias', (system) => monitor(system, system.pid, { alias: word })],
    ['overflow', (system) => spawnBounded(system, word)],
    ['keys', (system) => Registry.start(system, { keys: word })],
    ['the type of an application', (system) => Application.start(system, app, word)],
    ['the type of an application', (system) => Application.ensureAllStarted(system, app, word)],
    ['strategy', (system) => Supervisor.startLink(system, { strategy: word, children: [] })],
    ['restart', () => childSpec(nothing.start, { id: 'a', restart: word })],
  ])('is checked at once: %s', async (option, act) => {
    const system = createTestSystem();
    const error = await Promise.resolve(system)
      .then(act)
      .then(
        () => 'accepted',
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(`Expected ${option} `);
    expect((error as Error).message).toContain('"killTaks"');
  });

  test('is checked before anything is done: a wrong onTimeout ends no task', async () => {
    const { self } = createProbe(createTestSystem());
    const task = Task.async(self, forever);
    const options = { timeout: 0, onTimeout: 'ignroe' as never };
    await expect(Task.yieldMany(self, [task], options)).rejects.toThrow('did you mean "ignore"?');
    expect(isAlive(task.pid as Pid)).toBe(true);
  });
});

const app = Application.define({ name: 'app', start: (self) => Agent.startLink(self, () => 0) });

function spawnBounded(
  system: ReturnType<typeof createTestSystem>,
  overflow: MailboxOptions['overflow'],
): Pid {
  return spawn(system, forever, { mailbox: { capacity: 1, overflow } });
}
