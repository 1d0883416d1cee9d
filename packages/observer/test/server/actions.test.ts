import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  createSystem,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  Supervisor,
  whereis,
} from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

import { observer, type ObserverAction, type ObserverOptions } from '../../src/index.ts';
import type { TreeRow } from '../../src/live/tree-rows.ts';
import { ask } from '../support/asking.ts';
import { bearer, token } from '../support/observed.ts';
import { openStream } from '../support/stream-reader.ts';

const all: readonly ObserverAction[] = ['suspend', 'resume', 'restart', 'stop'];

const counter = GenServer.define({
  init: () => ok(0),
  handleCast: { add: (by: number, count) => noreply(count + by) },
});

/** A tree whose page may act, what it logs, and a press of one of its buttons. */
async function service(options: ObserverOptions) {
  const logged: [details: object, message: string][] = [];
  const system = createSystem({
    logger: { error: () => {}, warn: (...line) => logged.push(line) },
  });
  const { promise, resolve: announce } = Promise.withResolvers<string>();
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [
      GenServer.childSpec(counter, undefined, { id: 'counter' }),
      GenServer.childSpec(counter, undefined, { id: 'once', restart: 'temporary' }),
      DynamicSupervisor.childSpec({ id: 'jobs', name: 'jobs' }),
      observer({ port: 0, token, announce, ...options }),
    ],
  });
  const job = childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'job' });
  await DynamicSupervisor.startChild(whereis(system, 'jobs') as DynamicSupervisor.Pid, job);
  const url = await promise;
  const rowOf = async (id: string): Promise<TreeRow> => {
    const { body } = await ask(`${url}api/tree`, { headers: bearer });
    const { rows } = JSON.parse(body) as { readonly rows: readonly TreeRow[] };
    const row = rows.find((one) => one.id === id);
    if (row === undefined) {
      throw new Error(`Expected a row ${id}, got none`);
    }
    return row;
  };
  const press = async (action: string, id: string, headers: object = bearer) => {
    const { row } = await rowOf(id);
    return ask(`${url}api/act/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ row }),
    });
  };
  return {
    system,
    url,
    logged,
    rowOf,
    press,
    counter: () => Supervisor.child(top, 'counter'),
    [Symbol.asyncDispose]: () => system.stop(),
  };
}

describe('actions', () => {
  test.each(all)('SEC-17 %s is not there unless the options name it', async (action) => {
    await using tree = await service({ actions: all.filter((one) => one !== action) });
    expect((await tree.press(action, 'counter')).status).toBe(404);
    expect(tree.logged).toEqual([]);
  });

  test('SEC-17 none is there by default, nor without the token', async () => {
    await using closed = await service({});
    expect((await closed.press('stop', 'counter')).status).toBe(404);
    await using tree = await service({ actions: all });
    expect((await tree.press('stop', 'counter', {})).status).toBe(401);
    expect((await tree.rowOf('counter')).state).toBe('running');
  });

  test('SEC-17 a server is suspended and resumed, and each press is logged with the address', async () => {
    await using tree = await service({ actions: all });
    const { pid } = await tree.rowOf('counter');
    const statusOf = async () => {
      const { body } = await ask(`${tree.url}api/process/${pid}`, { headers: bearer });
      return (JSON.parse(body) as { readonly status: string }).status;
    };
    expect((await tree.press('suspend', 'counter')).status).toBe(204);
    expect(await statusOf()).toBe('suspended');
    expect((await tree.press('resume', 'counter')).status).toBe(204);
    expect(await statusOf()).toBe('waiting');
    expect(tree.logged).toEqual(
      ['suspend', 'resume'].map((action) => [
        { action, path: 'app / counter', pid, address: '127.0.0.1' },
        'a person acts on a process from the page of the observer',
      ]),
    );
  });

  test('SEC-17 a child is restarted in order, with no restart that counts', async () => {
    await using tree = await service({ actions: all });
    const before = await tree.rowOf('counter');
    expect((await tree.press('restart', 'counter')).status).toBe(204);
    const after = await tree.rowOf('counter');
    expect(after).toMatchObject({ row: before.row, state: 'running' });
    expect(after.pid).not.toBe(before.pid);
    expect((await tree.rowOf('app')).supervises?.counting).toBe(0);
  });

  test('SEC-17 a child that is stopped stays so until it is restarted', async () => {
    await using tree = await service({ actions: all });
    expect((await tree.press('stop', 'counter')).status).toBe(204);
    await settle(tree.system);
    expect(await tree.rowOf('counter')).toMatchObject({ state: 'stopped' });
    expect((await tree.press('suspend', 'counter')).status).toBe(409);
    expect((await tree.press('restart', 'counter')).status).toBe(204);
    expect(await tree.rowOf('counter')).toMatchObject({ state: 'running' });
  });

  test('SEC-17 a child of a dynamic supervisor can be stopped, and not restarted', async () => {
    await using tree = await service({ actions: all });
    const answer = await tree.press('restart', 'job');
    expect([answer.status, answer.body]).toEqual([
      409,
      'It did not restart: Expected a child of a supervisor that is not dynamic\n',
    ]);
    expect((await tree.press('stop', 'job')).status).toBe(204);
    await expect(tree.rowOf('job')).rejects.toThrow('Expected a row job, got none');
  });

  test('SEC-17 a temporary child, which its supervisor would forget, is not restarted', async () => {
    await using tree = await service({ actions: all });
    const before = await tree.rowOf('once');
    const answer = await tree.press('restart', 'once');
    expect([answer.status, answer.body]).toEqual([
      409,
      'It did not restart: Expected a child that is kept when it stops, got a temporary one\n',
    ]);
    expect(await tree.rowOf('once')).toMatchObject({ pid: before.pid, state: 'running' });
  });

  test.each(['app', 'observer', 'server'])(
    'SEC-17 the top and the processes of the observer are left alone: %s',
    async (id) => {
      await using tree = await service({ actions: all });
      for (const action of all) {
        expect((await tree.press(action, id)).status).toBe(409);
      }
      expect(tree.logged).toEqual([]);
      expect((await tree.rowOf(id)).state).toBe('running');
    },
  );

  test('SEC-17 a wrong row, or none, is refused', async () => {
    await using tree = await service({ actions: all });
    const post = (body: object) =>
      ask(`${tree.url}api/act/stop`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post({})).status).toBe(400);
    expect((await post({ row: 'app' })).status).toBe(400);
    expect((await post({ row: 9999 })).status).toBe(409);
  });

  test.each([
    [['kill'], /Expected actions to hold "suspend" or "resume" or "restart" or "stop", got "kill"/],
    ['stop', /Expected actions to be a list/],
  ])('SEC-17 actions of %j are refused', (actions, message) => {
    expect(() => observer({ actions: actions as never })).toThrow(message);
  });
});

describe('a search', () => {
  test('finds rows by a part of their id, or by #pid, with their paths', async () => {
    await using tree = await service({});
    const find = async (q: string) => {
      const query = new URLSearchParams({ q }).toString();
      const { status, body } = await ask(`${tree.url}api/find?${query}`, { headers: bearer });
      return status === 200 ? (JSON.parse(body) as readonly { readonly path: string }[]) : status;
    };
    const { pid } = await tree.rowOf('counter');
    expect(await find('COUNT')).toMatchObject([{ path: 'app / counter', pid }]);
    expect(await find(`#${pid}`)).toMatchObject([{ path: 'app / counter' }]);
    expect(await find('serv')).toMatchObject([
      { path: 'app / observer' },
      { path: 'app / observer / server' },
    ]);
    expect(await find('nothing')).toEqual([]);
    expect(await find(' ')).toBe(400);
  });
});

test('the limits of judge are those of the options', async () => {
  await using tree = await service({ judge: { crashLoop: 1 }, actions: all });
  const textOf = async () => {
    const { body } = await ask(`${tree.url}api/overview`, { headers: bearer });
    return (JSON.parse(body) as { readonly text: string }).text;
  };
  expect(await textOf()).toBe('All is well.');
  exit(tree.system, tree.counter(), kill);
  await settle(tree.system);
  expect(await textOf()).toBe('One process needs you.');
  const reader = await openStream(tree.url);
  expect((await reader.next('findings')).data).toContain('One process needs you.');
  reader.close();
  expect(() => observer({ judge: { stuck: 0 } })).toThrow(RangeError);
});
