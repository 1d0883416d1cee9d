import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  exit,
  GenServer,
  kill,
  monitor,
  noreply,
  ok,
  type Pid,
  reply,
  send,
  Supervisor,
  type System,
} from '@reprise/actor';
import { explain } from '@reprise/actor/inspect';
import { settle } from '@reprise/actor/testing';

import { observer, type ObserverOptions } from '../../src/index.ts';
import type { ProcessPage } from '../../src/wire.ts';
import { ask } from '../support/asking.ts';
import { bearer, token } from '../support/observed.ts';
import { watchedClock } from '../support/watched-clock.ts';

/** It adds, and holds a message until its promise settles. It monitors the process it is given. */
const counter = GenServer.define({
  init: (watched: Pid | undefined, self) => {
    if (watched !== undefined) {
      monitor(self, watched);
    }
    return ok([] as readonly number[]);
  },
  handleCast: {
    add: (by: number, seen) => noreply([...seen, by]),
    hold: async (until: Promise<void>, seen) => {
      await until;
      return noreply(seen);
    },
  },
  handleCall: { get: (_: undefined, seen) => reply(seen, seen) },
  handleInfo: (_: unknown, seen) => noreply(seen),
});

/** A tree with an observer, on a clock that the test turns. */
async function service(options: ObserverOptions = {}) {
  const { clock, timers, watched } = watchedClock();
  const system = createSystem({ clock: watched, logger: { error: () => {}, warn: () => {} } });
  const { promise, resolve: announce } = Promise.withResolvers<string>();
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [observer({ port: 0, token, announce, ...options })],
  });
  const url = await promise;
  const page = async ({ id }: Pid, query = ''): Promise<ProcessPage> => {
    const { body } = await ask(`${url}api/process/${id}${query}`, { headers: bearer });
    return JSON.parse(body) as ProcessPage;
  };
  return { system, top, clock, timers, page, [Symbol.asyncDispose]: () => system.stop() };
}

/** A counter that holds a message, and a function that releases it. */
async function stuck(system: System, watched?: Pid) {
  const pid = await GenServer.start(system, counter, watched);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  GenServer.cast(pid, 'hold', promise as unknown as Promise<void>);
  await settle(system);
  return {
    pid,
    release: () => {
      resolve(undefined);
    },
  };
}

/** `explain` throws for a process that is explained. */
function isExplained(pid: Pid): boolean {
  try {
    explain(pid, 1).stop();
    return false;
  } catch {
    return true;
  }
}

describe('the last messages of a process', () => {
  test('are recorded while a page asks, also of a stuck server, and it is as before afterwards', async () => {
    await using tree = await service();
    const { system, clock, page, timers } = tree;
    const { pid, release } = await stuck(system);
    GenServer.cast(pid, 'add', 1);
    expect((await page(pid)).lastMessages).toBeUndefined();
    expect(timers.size).toBe(0);
    await clock.advance(9000);
    expect((await page(pid, '?messages')).lastMessages).toEqual([
      { name: 'cast add', outcome: 'waiting' },
      { name: 'cast hold', outcome: 'inHand', took: 9000 },
    ]);
    expect(timers.size).toBe(1);
    await clock.advance(1000);
    GenServer.cast(pid, 'add', 2);
    send(pid as Pid<unknown>, { type: 'tick', secret: 'x' });
    await clock.advance(3000);
    // Two pages share it.
    const [{ lastMessages }] = await Promise.all([page(pid, '?messages'), page(pid, '?messages')]);
    expect(lastMessages).toEqual([
      { name: 'info tick', outcome: 'waiting', age: 3000, waited: 3000 },
      { name: 'cast add', outcome: 'waiting', age: 3000, waited: 3000 },
      { name: 'cast add', outcome: 'waiting' },
      { name: 'cast hold', outcome: 'inHand', took: 13_000 },
    ]);
    await clock.advance(4999);
    expect([timers.size, isExplained(pid)]).toEqual([1, true]);
    await clock.advance(1);
    expect([timers.size, isExplained(pid)]).toEqual([0, false]);
    release();
    expect(await GenServer.call(pid, 'get', undefined)).toEqual([1, 2]);
  });

  test('are four at most, and tell how long each took, and which process has ended', async () => {
    await using tree = await service();
    const { system, clock, page } = tree;
    const watched = await GenServer.start(system, counter, undefined);
    const { pid, release } = await stuck(system, watched);
    await page(pid, '?messages');
    await clock.advance(10);
    for (let by = 0; by < 9; by++) {
      GenServer.cast(pid, 'add', by);
    }
    exit(system, watched, kill);
    await settle(system);
    const waiting = (await page(pid, '?messages')).lastMessages;
    expect(waiting?.map(({ name }) => name)).toEqual([
      'info DOWN',
      ...Array.from({ length: 3 }, () => 'cast add'),
      'cast hold',
    ]);
    release();
    await settle(system);
    const done = (await page(pid, '?messages')).lastMessages;
    expect(done).toHaveLength(4);
    expect(done?.[1]).toEqual({
      name: 'cast add',
      outcome: 'done',
      age: 0,
      waited: 0,
      took: 0,
    });
  });

  test('end with the process and with the observer', async () => {
    await using tree = await service();
    const { system, top, page } = tree;
    const [one, other] = [await stuck(system), await stuck(system)];
    await page(one.pid, '?messages');
    await page(other.pid, '?messages');
    exit(system, one.pid, kill);
    await settle(system);
    const answer = await page(one.pid, '?messages').catch(() => 'none');
    expect(answer).toBe('none');
    await Supervisor.terminateChild(top, 'observer');
    expect(isExplained(other.pid)).toBe(false);
  });

  test('are not shown of a process that the program explains, nor where states are hidden', async () => {
    await using shown = await service();
    const { pid } = await stuck(shown.system);
    const explanation = explain(pid, 3);
    GenServer.cast(pid, 'add', 1);
    expect(await shown.page(pid, '?messages')).not.toHaveProperty('lastMessages');
    expect(explanation.messages).toHaveLength(1);
    await using hidden = await service({ state: 'hide' });
    const { pid: other } = await stuck(hidden.system);
    expect(await hidden.page(other, '?messages')).not.toHaveProperty('lastMessages');
    expect([hidden.timers.size, isExplained(other)]).toEqual([0, false]);
  });
});
