import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from '@jest/globals';
import { Agent, childSpec, createSystem, exit, kill, type Pid, Supervisor } from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { settle, virtualClock } from '@reprise/actor/testing';

import { observer, record } from '../../src/index.ts';
import { ask } from '../support/asking.ts';
import { bearer, type Observed, observed, token } from '../support/observed.ts';

/** A server on the port, or none where the port is taken already. */
async function take(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await Promise.race([once(server, 'listening'), new Promise((over) => server.on('error', over))]);
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const childOf = (supervisor: Pid): Pid => {
  const pid = supervisorInfo(supervisor)?.children[0]?.pid;
  if (pid === undefined) {
    throw new Error('Expected a child that runs, got none');
  }
  return pid;
};

async function killServer({ system, top }: Observed): Promise<void> {
  exit(system, childOf(childOf(top)), kill);
  await settle(system);
}

describe('observer', () => {
  test('OBS-C07 takes the next port if one is taken', async () => {
    const taken = await take(0);
    await using service = await observed({ port: portOf(taken) });
    expect(Number(new URL(service.url).port)).toBeGreaterThan(portOf(taken));
    expect(service.logged).toEqual([]);
    taken.close();
  });

  test('OBS-C07 starts where ten ports are taken, warns once, and listens later', async () => {
    const first = await take(0);
    const port = portOf(first);
    const row = Array.from({ length: 9 }, (_, index) => port + 1 + index);
    const others = await Promise.all(row.map(take));
    const clock = virtualClock();
    const { promise: warned, resolve: warn } = Promise.withResolvers<string>();
    const logger = { error: () => {}, warn: (_: object, text: string) => warn(text) };
    const system = createSystem({ clock, logger });
    const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
    const spec = observer({ port, token, announce });
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    expect(await warned).toBe('the observer cannot listen, and tries again every 10 s');
    first.close();
    await once(first, 'close');
    await clock.advance(10_000);
    expect(await announced).toBe(`http://127.0.0.1:${port}/`);
    others.map((server) => server.close());
    await system.stop();
  });

  test('OBS-C08 that gives up is no failure of the program, and counts no restart', async () => {
    await using service = await observed();
    for (let killed = 0; killed < 4; killed++) {
      await killServer(service);
    }
    const info = supervisorInfo(service.top);
    expect(info?.countingRestarts).toBe(0);
    expect(info?.children).toMatchObject([{ id: 'observer', state: 'stopped', restarts: 0 }]);
  });

  test('OBS-H09 that is restarted has the same port, token and record', async () => {
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const expected = [first, second];
    const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
    const spec = observer({ port: 0, announce: (url) => expected.shift()?.resolve(url) });
    const top = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      name: 'app',
      children: [spec],
    });
    const url = await first.promise;
    exit(system, childOf(childOf(top)), kill);
    expect(await second.promise).toBe(url);
    const { hash, origin } = new URL(url);
    const headers = { authorization: `Bearer ${hash.slice(1)}` };
    const { body } = await ask(`${origin}/api/crashes`, { headers });
    expect(JSON.parse(body)).toMatchObject([{ path: 'app / observer / server', reason: 'killed' }]);
    await system.stop();
  });

  test('records the children that were started before it, and the supervisor that starts it', async () => {
    const system = createSystem();
    const { promise, resolve: announce } = Promise.withResolvers<string>();
    const agent = (id: string) => childSpec((parent) => Agent.startLink(parent, () => 0), { id });
    await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      name: 'app',
      children: [agent('before'), observer({ port: 0, announce }), agent('after')],
    });
    await promise;
    const [app] = record(system).at(system.clock.now());
    expect(app?.id).toBe('app');
    expect(app?.children).toMatchObject([
      { id: 'before', children: [] },
      { id: 'observer', children: [{ id: 'server' }] },
      { id: 'after', children: [] },
    ]);
    expect(app?.children.every(({ pid }) => pid !== undefined)).toBe(true);
    await system.stop();
  });

  test('a token that is made up has 256 bits, and is in the fragment of the URL', async () => {
    const { promise, resolve: announce } = Promise.withResolvers<string>();
    const system = createSystem();
    const spec = observer({ port: 0, announce });
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    expect(new URL(await promise).hash).toMatch(/^#[\w-]{43}$/);
    await system.stop();
  });

  test('a token that is given is not told', async () => {
    await using service = await observed();
    expect(service.url).not.toContain(token);
    expect((await ask(`${service.url}api/crashes`, { headers: bearer })).status).toBe(200);
  });

  test('OBS-C01 sets no timer while nobody looks', async () => {
    const clock = virtualClock();
    const timers: number[] = [];
    const watched = {
      ...clock,
      setTimeout: (callback: () => void, ms: number) => {
        timers.push(ms);
        return clock.setTimeout(callback, ms);
      },
    };
    const system = createSystem({ clock: watched });
    const { promise, resolve: announce } = Promise.withResolvers<string>();
    const spec = observer({ port: 0, announce });
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    await promise;
    await clock.advance(3_600_000);
    expect(timers).toEqual([]);
    await system.stop();
  });
});
