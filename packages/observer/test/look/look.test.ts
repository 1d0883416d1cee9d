import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, jest, test } from '@jest/globals';
import {
  crash,
  createSystem,
  DynamicSupervisor,
  GenServer,
  monitor,
  noreply,
  ok,
  type Pid,
  register,
  reply,
  send,
  spawn,
  Supervisor,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { judge, look } from '../../src/index.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { child, end, fail, start } from '../support/tree.ts';

const childOf = (app: Pid, id: string): Pid => Supervisor.child(app as never, id as never);
const backoff = { minDelay: 8000, maxDelay: 8000, healthyAfter: 600_000 };

/** A server that monitors what it is given, and is stuck once that has ended. */
const queue = GenServer.define({
  init: (target: () => Pid, self) => {
    monitor(self, target());
    return ok(0);
  },
  handleCast: { add: (_: number, state) => noreply(state + 1) },
  handleInfo: (_: unknown, state) => new Promise<never>(() => state),
});

/** A child that is not restarted, and jobs. */
async function service() {
  const system = createTestSystem();
  look(system);
  const app = await start(system, [
    child('a'),
    child('once', { restart: 'temporary' }),
    DynamicSupervisor.childSpec({ id: 'jobs' }),
  ]);
  return { system, app };
}

const findings = (system: Parameters<typeof look>[0]): readonly unknown[] =>
  judge(look(system)).findings.map(({ type, path }) => [type, path]);

describe('look', () => {
  test('finds a child in a crash loop, its next start, and who waits for it', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    const system = createTestSystem();
    look(system);
    const app = await start(system, [child('a', { restartDelay: backoff })]);
    const watching = await GenServer.start(system, queue, () => childOf(app, 'a'), { name: 'q' });
    await fail(system, childOf(app, 'a'), 'refused 1');
    GenServer.cast(watching, 'add', 1);
    expect(look(system)).toMatchObject({
      processes: 3,
      messages: 1,
      longest: { path: 'q', messages: 1 },
      restarts: [
        {
          path: 'app / a',
          count: 1,
          reason: 'Error: refused 1',
          isRunning: false,
          nextStartAt: 8000,
          waiting: [{ path: 'q', messages: 1 }],
          supervisor: { path: 'app', counting: 1 },
        },
      ],
    });
    for (let round = 2; round <= 5; round++) {
      await advance(system, 8000);
      await fail(system, childOf(app, 'a'), `refused ${round}`);
    }
    // The queue has waited since the first crash, and is no finding of its own.
    expect(findings(system)).toStrictEqual([['crashLoop', 'app / a']]);
    expect(judge(look(system)).findings[0]?.detail).toMatch(/ q, which watches it, has 1 message/);
    await advance(system, 8000);
    await advance(system, 120_001);
    expect(findings(system)).not.toContainEqual(['crashLoop', 'app / a']);
    await advance(system, 600_000);
    expect(look(system).restarts).toStrictEqual([]);
    await system.stop();
  });

  test('finds a child that is not started again, not a job, and not one that is stopped', async () => {
    const { system, app } = await service();
    const jobs = childOf(app, 'jobs');
    const job = await DynamicSupervisor.startChild(
      jobs as never,
      child('job', { restart: 'temporary' }),
    );
    await end(system, job as never, crash('odd'));
    expect(findings(system)).toStrictEqual([]);
    await end(system, childOf(app, 'once'), crash(new Error('no paper')));
    expect(findings(system)).toStrictEqual([['gaveUp', 'app / once']]);
    expect(look(system).lost).toStrictEqual([
      { at: 0, path: 'app / once', text: 'Error: no paper' },
    ]);
    await Supervisor.startChild(app as never, child('once', { restart: 'temporary' }));
    expect(findings(system)).toStrictEqual([]);
    await Supervisor.terminateChild(app as never, 'once');
    expect(findings(system)).toStrictEqual([]);
  });

  test('finds a supervisor that gave up, until it is started again', async () => {
    const system = createTestSystem();
    look(system);
    const sub = (restart: 'permanent' | 'temporary') =>
      Supervisor.childSpec({
        id: `sub ${restart}`,
        restart,
        strategy: 'oneForOne',
        maxRestarts: 0,
        children: [child('a')],
      });
    const app = await start(system, [sub('permanent'), sub('temporary')]);
    for (const restart of ['permanent', 'temporary']) {
      await fail(system, childOf(childOf(app, `sub ${restart}`), 'a'), 'lost');
    }
    expect(findings(system)).toStrictEqual([['gaveUp', 'app / sub temporary']]);
  });

  test('finds a callback that does not settle with messages behind it', async () => {
    const { system, app } = await service();
    const spec = GenServer.childSpec(queue, () => childOf(app, 'a'), { id: 'queue' });
    await Supervisor.startChild(app, spec);
    const pid = childOf(app, 'queue') as GenServer.ServerOf<typeof queue>;
    await fail(system, childOf(app, 'a'), 'down');
    GenServer.cast(pid, 'add', 1);
    await advance(system, 61_000);
    expect(look(system).awaiting).toStrictEqual([
      {
        path: 'app / queue',
        pid: pid.id,
        callback: 'handleInfo',
        since: 0,
        messages: 1,
      },
    ]);
    expect(findings(system)).toContainEqual(['stuck', 'app / queue']);
  });

  test('finds a server that is stuck among a hundred that wait with nothing behind them', async () => {
    const system = createTestSystem();
    const waiting = GenServer.define({
      init: () => ok(0),
      handleCast: { wait: (_: number, state) => new Promise<never>(() => state) },
    });
    const startAll = async (names: readonly string[], messages: number) => {
      for (const name of names) {
        const pid = await GenServer.start(system, waiting, undefined, { name });
        for (let count = 0; count < messages; count++) {
          GenServer.cast(pid, 'wait', count);
        }
      }
      await advance(system, 5000);
    };
    const hundred = (prefix: string) => Array.from({ length: 100 }, (_, n) => `${prefix} ${n}`);
    await startAll(hundred('idle'), 1);
    await startAll(['victim'], 2);
    await advance(system, 60_000);
    expect(findings(system)).toStrictEqual([['stuck', 'victim']]);
    expect(look(system).hasMore).toBe(false);
    await startAll(hundred('other'), 2);
    await advance(system, 60_000);
    expect(look(system).awaiting).toHaveLength(100);
    expect(judge(look(system)).text).toBe('At least 100 processes need you.');
    await system.stop();
  });

  test('finds a server that is stuck beside a hundred that wait for a child', async () => {
    const system = createTestSystem();
    look(system);
    const ids = Array.from({ length: 6 }, (_, n) => `child ${n}`);
    const app = await start(
      system,
      ids.map((id) => child(id)),
    );
    const startQueue = async (target: () => Pid, name?: string) => {
      const pid = await GenServer.start(system, queue, target, name === undefined ? {} : { name });
      return () => {
        GenServer.cast(pid, 'add', 1);
      };
    };
    const adds: (() => void)[] = [];
    for (const id of ids) {
      for (let count = 0; count < 20; count++) {
        adds.push(await startQueue(() => childOf(app, id)));
      }
    }
    for (let round = 0; round < 5; round++) {
      for (const id of ids) {
        await fail(system, childOf(app, id), 'down');
      }
    }
    const gone = spawn(system, (self) => self.receive().then(() => undefined));
    adds.push(await startQueue(() => gone, 'victim'));
    send(gone, 'end' as never);
    await settle(system);
    adds.forEach((add) => {
      add();
    });
    await advance(system, 61_000);
    expect(findings(system)).toStrictEqual([
      ...ids.map((id) => ['crashLoop', `app / ${id}`]),
      ['stuck', 'victim'],
    ]);
    await system.stop();
  });

  test('has each mailbox that drops messages, and each callback that holds the thread', async () => {
    const system = createTestSystem();
    look(system);
    for (const name of ['x', 'y', 'x', 'x']) {
      const pid =
        whereis(system, name) ??
        spawn<number>(system, (self) => self.receive((n) => n < 0).then(() => undefined), {
          mailbox: { capacity: 1, overflow: 'dropNewest' },
        });
      if (whereis(system, name) === undefined) {
        register(system, name, pid);
      }
      await settle(system);
      for (let n = 0; n < 5; n++) {
        send(pid as Pid<number>, n);
      }
      recordedOf(system).trouble.slow(pid, 30);
      await advance(system, 1000);
    }
    const moments = [
      { at: 1000, path: 'y' },
      { at: 3000, path: 'x' },
    ];
    expect(look(system)).toMatchObject({ dropped: moments, slow: moments });
    expect(findings(system)).toStrictEqual([
      ['dropped', 'x'],
      ['blocked', 'x'],
      ['dropped', 'y'],
      ['blocked', 'y'],
    ]);
    await system.stop();
  });

  test('has the slowest callbacks, with their paths', async () => {
    const logger = { error: () => {}, warn: () => {} };
    const system = createSystem({ logger, slowCallback: 20 });
    look(system);
    const busy = GenServer.define({
      init: () => ok(0),
      handleCall: {
        hold: (ms: number, done) => {
          const until = performance.now() + ms;
          while (performance.now() < until);
          return reply(done, done);
        },
      },
    });
    const pid = await GenServer.start(system, busy, undefined, { name: 'busy' });
    for (const ms of [25, 45, 35]) {
      await GenServer.call(pid, 'hold', ms);
    }
    // On a busy machine each takes longer, and others may be slow.
    const { slowest } = look(system);
    const found = slowest.filter(({ path }) => path === 'busy');
    expect(found).toHaveLength(2);
    expect(found[0]?.ms).toBeGreaterThanOrEqual(45);
    expect(slowest.map(({ ms }) => ms)).toStrictEqual(
      slowest.map(({ ms }) => ms).toSorted((a, b) => b - a),
    );
    await system.stop();
  });

  test('remembers since when a mailbox grows, from look to look', async () => {
    const system = createTestSystem();
    const pid = spawn<number>(system, async (self) => {
      await self.receive((n) => n < 0);
    });
    const pour = (): void => {
      for (let n = 0; n < 6000; n++) {
        send(pid, n);
      }
    };
    pour();
    await settle(system);
    expect(look(system).mailboxes).toMatchObject([{ messages: 6000, growsSince: 0 }]);
    await advance(system, 30_000);
    pour();
    expect(findings(system)).toStrictEqual([]);
    await advance(system, 60_000);
    expect(look(system).mailboxes).toMatchObject([{ messages: 12_000, growsSince: 0 }]);
    expect(findings(system)).toStrictEqual([['flooded', 'a process']]);
  });

  test('finds a mailbox that grows beside a hundred that are longer for a moment', async () => {
    const system = createTestSystem();
    const spawnWith = (messages: number): void => {
      const pid = spawn<number>(system, async (self) => {
        await self.receive((n) => n < 0);
      });
      for (let n = 0; n < messages; n++) {
        send(pid, n);
      }
    };
    spawnWith(1000);
    look(system);
    await advance(system, 60_000);
    for (let count = 0; count < 100; count++) {
      spawnWith(1001);
    }
    const { mailboxes, hasMore } = look(system);
    expect(mailboxes).toHaveLength(100);
    expect(mailboxes[0]).toMatchObject({ messages: 1000, growsSince: 0 });
    expect(hasMore).toBe(true);
    await system.stop();
  });

  test('has each stream as it is now, silent or stuck', async () => {
    const origin = await Origin.open();
    const system = createTestSystem();
    look(system);
    const facts = new Facts(system);
    const handling = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const prices = SseClient.resilient({
      id: 'prices',
      url: origin.url,
      idleTimeout: 300_000,
      handle: () => {
        entered.resolve();
        return handling.promise;
      },
    });
    await start(system, [prices]);
    const response = await origin.stream();
    await facts.until('connected');
    await advance(system, 151_000);
    expect(look(system).streams).toMatchObject([
      { path: 'app / prices', state: 'connected', heardAt: 0, idleTimeout: 300_000 },
    ]);
    expect(findings(system)).toStrictEqual([['silent', 'app / prices']]);
    response.write('id: 1\ndata: x\n\n');
    await entered.promise;
    await advance(system, 61_000);
    expect(look(system).streams).toMatchObject([{ inHandSince: 151_000, unhandled: 1 }]);
    expect(findings(system)).toStrictEqual([['stuck', 'app / prices']]);
    expect(look(system).awaiting).toStrictEqual([]);
    handling.resolve();
    await settle(system);
    response.end();
    await facts.until('waits');
    expect(look(system).streams).toMatchObject([
      { state: 'disconnected', lostAt: 212_000, failure: 'closed by the server', events: 1 },
    ]);
    await system.stop();
    await origin.close();
  });

  test('sees that a system has ended', async () => {
    const system = createTestSystem();
    expect(look(system).isRunning).toBe(true);
    await system.stop();
    expect(look(system).isRunning).toBe(false);
    expect(judge(look(system)).isWell).toBe(false);
  });

  test('makes no object for a process that is well', async () => {
    const program = join(import.meta.dirname, '..', 'programs', 'looks.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@reprise/source',
      program,
    ]);
    // Half a byte for each process and look.
    expect(Number(stdout)).toBeLessThanOrEqual(500_000);
  });
});
