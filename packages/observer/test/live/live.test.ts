import { once } from 'node:events';

import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  createSystem,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  type Pid,
  Supervisor,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { observer, observerHandler } from '../../src/index.ts';
import type { TreeRow } from '../../src/live/tree-rows.ts';
import { ask } from '../support/asking.ts';
import { bearer, token } from '../support/observed.ts';
import { openStream } from '../support/stream-reader.ts';
import { watchedClock } from '../support/watched-clock.ts';

const agent = (id: string) => childSpec((parent) => Agent.startLink(parent, () => 0), { id });

/** A stream that nobody has read while 50 children ended in each of so many looks. */
async function unreadFor(looks: number) {
  const system = createTestSystem();
  const ids = Array.from({ length: 50 }, (_, at) => `agent-${at}-${'x'.repeat(1000)}`);
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    maxRestarts: 1_000_000,
    children: ids.map(agent),
  });
  const { fetch } = observerHandler(system, { gate: () => true });
  const { body } = await fetch(new Request('http://a/api/live'));
  for (let look = 0; look < looks; look++) {
    for (const { pid } of supervisorInfo(top)?.children ?? []) {
      exit(system, pid ?? top, kill);
    }
    await advance(system, 500);
  }
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  return { system, fetch, reader, firstPid: () => pidOf(top, ids[0] ?? '').id };
}

/** A tree with an observer, on a clock that the test turns. */
async function service(state: 'show' | 'hide' = 'show') {
  const { clock, timers, watched } = watchedClock();
  const system = createSystem({
    clock: watched,
    logger: { error: () => {}, warn: () => {} },
  });
  const { promise, resolve: announce } = Promise.withResolvers<string>();
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    maxRestarts: 1_000_000,
    children: [agent('stock'), observer({ port: 0, token, announce, state })],
  });
  const url = await promise;
  const look = () => clock.advance(500);
  return { system, top, url, clock, timers, look, [Symbol.asyncDispose]: () => system.stop() };
}

const rowsIn = (data: string): readonly TreeRow[] => JSON.parse(data) as readonly TreeRow[];

function pidOf(supervisor: Pid, id: string): Pid {
  const pid = supervisorInfo(supervisor)?.children.find((child) => child.id === id)?.pid;
  if (pid === undefined) {
    throw new Error('Expected a child that runs, got none');
  }
  return pid;
}

describe('the stream to a page', () => {
  test('begins with the tree, and goes on with what changes', async () => {
    await using tree = await service();
    const reader = await openStream(tree.url);
    const rows = rowsIn((await reader.next('snapshot')).data);
    const [app, stock] = [
      rows.find(({ id }) => id === 'app'),
      rows.find(({ id }) => id === 'stock'),
    ];
    expect(app).toMatchObject({ parent: 0, type: 'supervisor', supervises: { counting: 0 } });
    expect(stock).toMatchObject({
      parent: app?.row,
      type: 'worker',
      state: 'running',
      restarts: 0,
    });
    const before = pidOf(tree.top, 'stock');
    exit(tree.system, before, kill);
    await settle(tree.system);
    await tree.look();
    const { data } = await reader.next('changes');
    const changes = JSON.parse(data) as { rows: readonly TreeRow[]; removed: readonly number[] };
    expect(changes.removed).toEqual([]);
    expect(changes.rows).toContainEqual(
      expect.objectContaining({
        row: stock?.row,
        pid: pidOf(tree.top, 'stock').id,
        restarts: 1,
        reason: 'killed',
      }),
    );
    reader.close();
  });

  test('tells a child that is removed, with all below it', async () => {
    await using tree = await service();
    const below = Supervisor.childSpec({
      id: 'below',
      strategy: 'oneForOne',
      children: [agent('a')],
    });
    await Supervisor.startChild(tree.top, below);
    const reader = await openStream(tree.url);
    const rows = rowsIn((await reader.next('snapshot')).data);
    const gone = rows.filter(({ id }) => id === 'below' || id === 'a').map(({ row }) => row);
    expect(gone).toHaveLength(2);
    await Supervisor.terminateChild(tree.top, 'below');
    await Supervisor.deleteChild(tree.top, 'below');
    await tree.look();
    const { removed } = JSON.parse((await reader.next('changes')).data) as { removed: number[] };
    expect(new Set(removed)).toEqual(new Set(gone));
    reader.close();
  });

  test('begins with the tree once, also with one that is larger than the buffer of its socket', async () => {
    await using tree = await service();
    for (let child = 0; child < 100; child++) {
      await Supervisor.startChild(tree.top, agent(`agent-${child}-${'x'.repeat(1000)}`));
    }
    const reader = await openStream(tree.url);
    await reader.next('rows');
    const seen = reader.events.length;
    await tree.look();
    await reader.next('rows', seen);
    expect(reader.events.filter(({ event }) => event === 'snapshot')).toHaveLength(1);
    reader.close();
  });

  test('has the numbers of the rows that the page shows, and of the busiest', async () => {
    await using tree = await service();
    const counter = GenServer.define({
      init: () => ok(0),
      handleCast: { add: (by: number, count) => noreply(count + by) },
    });
    const spec = GenServer.childSpec(counter, undefined, { id: 'counter' });
    await Supervisor.startChild(tree.top, spec);
    const pid = pidOf(tree.top, 'counter') as GenServer.ServerOf<typeof counter>;
    const reader = await openStream(tree.url);
    const { reader: id } = JSON.parse((await reader.next('hello')).data) as { reader: string };
    const rows = rowsIn((await reader.next('snapshot')).data);
    const stock = rows.find((row) => row.id === 'stock')?.row ?? 0;
    const counted = rows.find((row) => row.id === 'counter')?.row ?? 0;
    for (let count = 0; count < 30; count++) {
      GenServer.cast(pid, 'add', 1);
    }
    await settle(tree.system);
    const answer = await ask(`${tree.url}api/live/${id}/window`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ rows: [stock], streams: [] }),
    });
    expect(answer.status).toBe(204);
    const seen = reader.events.length;
    await tree.look();
    const { data } = await reader.next('rows', seen);
    const { rows: figures } = JSON.parse(data) as { rows: readonly (readonly number[])[] };
    expect(figures).toContainEqual([stock, 0, 0, 0, expect.any(Number), null]);
    expect(figures).toContainEqual([counted, 0, 0, 30, expect.any(Number), null]);
    reader.close();
  });

  test.each([
    {},
    { rows: 'all' },
    { rows: [1.5], streams: [] },
    { rows: Array(201).fill(1), streams: [] },
  ])('a window of %j is a bad request', async (body) => {
    await using tree = await service();
    const reader = await openStream(tree.url);
    const { reader: id } = JSON.parse((await reader.next('hello')).data) as { reader: string };
    const { status } = await ask(`${tree.url}api/live/${id}/window`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(status).toBe(400);
    reader.close();
  });

  test('OBS-P23 a reader that comes back with its last id gets changes, and no snapshot', async () => {
    await using tree = await service();
    const first = await openStream(tree.url);
    const { id = '' } = await first.next('snapshot');
    first.close();
    exit(tree.system, pidOf(tree.top, 'stock'), kill);
    await settle(tree.system);
    const other = await openStream(tree.url);
    await other.next('snapshot');
    const second = await openStream(tree.url, { 'last-event-id': id });
    const { data } = await second.next('changes');
    expect(data).toContain('"stock"');
    expect(second.events.some(({ event }) => event === 'snapshot')).toBe(false);
    const stranger = await openStream(tree.url, { 'last-event-id': `0123-${id.split('-')[1]}` });
    await stranger.next('snapshot');
    [other, second, stranger].map((reader) => {
      reader.close();
    });
  });

  test('a reader that comes back after nobody has looked gets a snapshot of what changed meanwhile', async () => {
    const system = createTestSystem();
    const top = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [agent('a')],
    });
    const { fetch } = observerHandler(system, { gate: () => true });
    const begin = async (lastEventId: string): Promise<string> => {
      const headers = { 'last-event-id': lastEventId };
      const { body } = await fetch(new Request('http://a/api/live', { headers }));
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      const { value = '' } = (await reader?.read()) ?? {};
      await reader?.cancel();
      return value;
    };
    const [, id = ''] = /^id: (.+)$/m.exec(await begin('')) ?? [];
    await advance(system, 20_000);
    await Supervisor.startChild(top as Supervisor.Pid, agent('late'));
    expect(await begin(id)).toContain('"late"');
    // With numbers that are none, or are still to come.
    const [epoch = ''] = id.split('-');
    for (const odd of ['', '-1', '1.5', 'NaN', '1e9', '9'.repeat(30)]) {
      expect(await begin(`${epoch}-${odd}`)).toContain('event: snapshot');
    }
    await system.stop();
  });

  test('a supervisor at the top that has ended is no row any more', async () => {
    const system = createTestSystem();
    const start = (name: string) =>
      Supervisor.startLink(system, { strategy: 'oneForOne', name, children: [agent('a')] });
    const first = await start('first');
    await start('second');
    const { fetch } = observerHandler(system, { gate: () => true });
    const stream = await fetch(new Request('http://a/api/live'));
    const ids = async () => {
      const answer = await fetch(new Request('http://a/api/tree'));
      return ((await answer.json()) as { rows: readonly TreeRow[] }).rows.map(({ id }) => id);
    };
    expect(await ids()).toEqual(['first', 'a', 'second', 'a']);
    await Supervisor.stop(first);
    expect(await ids()).toEqual(['second', 'a']);
    await stream.body?.cancel();
    await system.stop();
  });

  test('of processes that are no children 200 have rows, and others once one of these has ended', async () => {
    const system = createTestSystem();
    const names = Array.from({ length: 203 }, (_, at) => `agent-${at}`);
    const pids = await Promise.all(names.map((name) => Agent.start(system, () => 0, { name })));
    const { fetch } = observerHandler(system, { gate: () => true });
    const stream = await fetch(new Request('http://a/api/live'));
    const ids = async () => {
      const answer = await fetch(new Request('http://a/api/tree'));
      return ((await answer.json()) as { rows: readonly TreeRow[] }).rows.map(({ id }) => id);
    };
    expect(await ids()).toEqual(names.slice(0, 200));
    for (const pid of [pids[5], pids[201]]) {
      exit(system, pid ?? system.pid, kill);
    }
    await settle(system);
    expect(await ids()).toEqual([...names.slice(0, 5), ...names.slice(6, 201)]);
    await stream.body?.cancel();
    await system.stop();
  });

  test('tells its readers a change that somebody else has asked for before', async () => {
    await using tree = await service();
    const reader = await openStream(tree.url);
    await reader.next('snapshot');
    exit(tree.system, pidOf(tree.top, 'stock'), kill);
    await settle(tree.system);
    await ask(`${tree.url}api/tree`, { headers: bearer });
    const { data } = await reader.next('changes');
    expect(data).toContain(`"pid":${pidOf(tree.top, 'stock').id}`);
    reader.close();
  });

  test('OBS-P25 keeps nothing for a reader that does not read: it gets one snapshot when it does', async () => {
    const { system, reader, firstPid } = await unreadFor(100);
    let text = '';
    const countOf = (type: string): number => text.split(`event: ${type}\n`).length - 1;
    while (countOf('snapshot') < 2) {
      const read = reader?.read();
      await advance(system, 500);
      text += (await read)?.value ?? '';
    }
    const last = text.slice(text.lastIndexOf('event: snapshot'));
    expect(last).toContain(`"pid":${firstPid()}`);
    while (!text.includes('event: rows', text.lastIndexOf('event: snapshot'))) {
      text += (await reader?.read())?.value ?? '';
    }
    // All that has been told meanwhile, also what has not changed since.
    const told = [...text.slice(text.lastIndexOf('event: snapshot')).matchAll(/^event: (\w+)/gm)];
    expect(told.map(([, type]) => type)).toEqual(
      expect.arrayContaining(['snapshot', 'hour', 'vitals', 'findings']),
    );
    // What its buffer takes, and no more.
    expect(countOf('changes')).toBeLessThan(5);
    expect(countOf('snapshot')).toBe(2);
    await reader?.cancel();
    await system.stop();
  });

  test('OBS-P25 a reader that has missed something gets a snapshot, though others ask meanwhile', async () => {
    const { system, fetch, reader, firstPid } = await unreadFor(20);
    let text = '';
    for (let read = 0; read < 200 && text.split('event: snapshot').length < 3; read++) {
      const next = reader?.read();
      // Tells all readers the changes first.
      await fetch(new Request('http://a/api/tree'));
      await advance(system, 500);
      text += (await next)?.value ?? '';
    }
    const last = text.slice(text.lastIndexOf('event: snapshot'));
    expect(last).toContain(`"pid":${firstPid()}`);
    await reader?.cancel();
    await system.stop();
  });

  test('every reader is told the findings, also where they have not changed', async () => {
    await using tree = await service();
    const first = await openStream(tree.url);
    await first.next('findings');
    const second = await openStream(tree.url);
    expect((await second.next('findings')).data).toContain('All is well.');
    first.close();
    second.close();
  });

  test('OBS-P19 has the time of day in each look, and all other times on the clock of the system', async () => {
    await using tree = await service();
    const reader = await openStream(tree.url);
    const read = async (from: number): Promise<Record<'at' | 'wall', number>> =>
      JSON.parse((await reader.next('vitals', from)).data) as Record<'at' | 'wall', number>;
    const before = await read(0);
    tree.clock.sleep(3_600_000);
    const seen = reader.events.length;
    await tree.look();
    const after = await read(seen);
    expect(after.at - before.at).toBe(500);
    expect(after.wall - before.wall).toBe(3_600_500);
    reader.close();
  });

  test('OBS-P24 says that the system ends, and why, before it does', async () => {
    const tree = await service();
    const reader = await openStream(tree.url);
    await reader.next('snapshot');
    const ended = reader.next('end');
    await tree.system.stop();
    expect(JSON.parse((await ended).data)).toEqual({ reason: 'shutdown' });
    reader.close();
  });

  test('OBS-P24 the end of an observer is told to its own readers alone, that of the system to all', async () => {
    const tree = await service();
    const { fetch } = observerHandler(tree.system, { gate: () => true });
    const { body } = await fetch(new Request('http://a/api/live'));
    const told = new Response(body).text();
    const reader = await openStream(tree.url);
    await reader.next('snapshot');
    const ended = reader.next('end');
    await Supervisor.terminateChild(tree.top, 'observer');
    expect(JSON.parse((await ended).data)).toEqual({ reason: 'shutdown' });
    await tree.look();
    await tree.system.stop();
    const events = [...(await told).matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);
    expect(events.filter((type) => type === 'end')).toHaveLength(1);
    expect(events.slice(-2)).toEqual(['rows', 'end']);
    expect(events.filter((type) => type === 'rows').length).toBeGreaterThan(1);
    expect(tree.timers.size).toBe(0);
    expect((await fetch(new Request('http://a/api/live'))).status).toBe(410);
    reader.close();
  });

  test('tells the hour after a change, but not in each look of many changes', async () => {
    await using tree = await service();
    const reader = await openStream(tree.url);
    await reader.next('vitals');
    const before = reader.events.length;
    for (let looks = 0; looks < 10; looks++) {
      exit(tree.system, pidOf(tree.top, 'stock'), kill);
      await settle(tree.system);
      const seen = reader.events.length;
      await tree.look();
      await reader.next('changes', seen);
      await reader.next('rows', seen);
    }
    const told = reader.events.slice(before).map(({ event }) => event);
    expect(told.filter((event) => event === 'changes')).toHaveLength(10);
    expect(told.filter((event) => event === 'hour')).toHaveLength(5);
    reader.close();
  });

  test('OBS-C02 sets no timer any more ten seconds after the last reader has left', async () => {
    await using tree = await service();
    expect(tree.timers.size).toBe(0);
    const readers = await Promise.all([openStream(tree.url), openStream(tree.url)]);
    await Promise.all(readers.map((reader) => reader.next('rows')));
    expect(tree.timers.size).toBe(1);
    const closed = readers.map(({ response }) => once(response.socket, 'close'));
    for (const reader of readers) {
      reader.close();
    }
    await Promise.all(closed);
    await tree.clock.advance(20_000);
    expect(tree.timers.size).toBe(0);
  });

  test('SEC-19 OBS-C03 has 20 readers at most, and each look is one text for all', async () => {
    await using tree = await service();
    const readers = await Promise.all(Array.from({ length: 20 }, () => openStream(tree.url)));
    await Promise.all(readers.map((reader) => reader.next('rows')));
    expect((await ask(`${tree.url}api/live`, { headers: bearer })).status).toBe(503);
    const seen = readers.map(({ events }) => events.length);
    exit(tree.system, pidOf(tree.top, 'stock'), kill);
    await settle(tree.system);
    await tree.look();
    const texts = await Promise.all(
      readers.map(async (reader, at) => (await reader.next('changes', seen[at])).data),
    );
    expect(new Set(texts).size).toBe(1);
    for (const reader of readers) {
      reader.close();
    }
  });
});
