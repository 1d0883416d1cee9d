import { describe, expect, test } from '@jest/globals';
import {
  type ChildSpec,
  childSpec,
  type DownMessage,
  exit,
  getLabel,
  isAlive,
  kill,
  type Pid,
  procLib,
  processes,
  processInfo,
  send,
  shutdownWith,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { outcome } from '../support/outcome.ts';
import { drain, exitReasonOf, forever, idleProcess } from '../support/processes.ts';

const boom = shutdownWith('boom');

describe('a synchronous start', () => {
  test.each([
    ['start', procLib.start],
    ['startLink', procLib.startLink],
  ] as const)('XT25 %s waits for initAck, and resolves with the pid', async (_, start) => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const started = start<string>(system, async (self) => {
      await promise;
      procLib.initAck(self);
      log.push('acknowledged');
      log.push(await self.receive());
    });
    void started.then((pid) => log.push('started', isAlive(pid)));
    await settle(system);
    expect(log).toStrictEqual([]);
    resolve();
    send(await started, 'hello');
    await settle(system);
    expect(log).toStrictEqual(['acknowledged', 'started', true, 'hello']);
  });

  test('XT25 resolves with the value that initAck is given', async () => {
    const system = createTestSystem();
    const started = procLib.start<never, { readonly port: number }>(system, async (self) => {
      procLib.initAck(self, { port: 80 });
      await forever();
    });
    expect(await started).toStrictEqual({ port: 80 });
  });

  test('XT25 passes options of spawn on: a label, a bounded mailbox', async () => {
    const system = createTestSystem();
    const pid = await procLib.start(
      system,
      async (self) => {
        procLib.initAck(self);
        await forever();
      },
      { label: 'printer', mailbox: { capacity: 1, overflow: 'reject' } },
    );
    expect(getLabel(pid)).toBe('printer');
    expect(processInfo(pid)?.mailbox?.capacity).toBe(1);
  });

  const failures: readonly (readonly [string, procLib.Body<never>, unknown])[] = [
    ['exits', (self) => exit(self, boom), { exit: boom }],
    ['returns', () => {}, { exit: { type: 'normal' } }],
    ['returns later', async () => {}, { exit: { type: 'normal' } }],
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      { exit: { type: 'crash', error: new Error('boom') } },
    ],
  ];
  test.each(failures)(
    'XT26 XT27 a process that %s before initAck fails the start with its reason, told once',
    async (_, body, expected) => {
      const system = createTestSystem();
      const self = await idleProcess(system, { traps: true });
      const starts = [procLib.start(self, body), procLib.startLink(self, body)].map(outcome);
      expect(await Promise.all(starts)).toStrictEqual([expected, expected]);
      await settle(system);
      expect(await drain(self)).toStrictEqual([]);
      expect(system.reports).toStrictEqual([]);
    },
  );

  test('XT26 a supervisor reports a failed restart with its error: nothing else tells the stack', async () => {
    const system = createTestSystem();
    let starts = 0;
    const failure = new Error('boom');
    const late = childSpec(
      (parent) =>
        procLib.startLink(parent, (self) => {
          starts += 1;
          if (starts === 2) {
            throw failure;
          }
          procLib.initAck(self);
          return forever();
        }),
      { id: 'late' },
    );
    const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [late] });
    exit(system, Supervisor.child(app, 'late'), kill);
    await settle(system);
    expect(starts).toBe(3);
    expect(system.reports.slice(1)).toMatchObject([
      {
        message: expect.stringContaining('child "late" (#Pid<3>) failed to restart: Error: boom'),
        details: { child: 'late', err: failure },
      },
    ]);
  });

  test('XT26 a parent that does not trap exits ends with a child that fails to start', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    void outcome(procLib.startLink(self, (child) => exit(child, boom)));
    await settle(system);
    expect(exitReasonOf(self)).toStrictEqual(boom);
  });

  test('XT28 a process that takes too long is killed, and the start fails with timeout', async () => {
    const system = createTestSystem();
    const before = processes(system).length;
    const started = outcome(procLib.startLink(system, () => forever(), { timeout: 100 }));
    await advance(system, 99);
    expect(processes(system)).toHaveLength(before + 1);
    await advance(system, 1);
    expect(await started).toStrictEqual({ exit: { type: 'timeout' } });
    expect(processes(system)).toHaveLength(before);
  });

  test('XT29 the first initAck counts', async () => {
    const system = createTestSystem();
    const started = procLib.start<never, string>(system, async (self) => {
      procLib.initAck(self, 'first');
      procLib.initAck(self, 'second');
      await forever();
    });
    expect(await started).toBe('first');
  });

  test('XT25 after initAck the process is like any other: a crash is reported', async () => {
    const system = createTestSystem();
    await procLib.start(system, async (self) => {
      procLib.initAck(self);
      throw new Error('boom');
    });
    await settle(system);
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      'process #Pid<2> crashed: Error: boom',
    ]);
  });

  test('XT30 startMonitor tells of each end after initAck, and of none before', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn<DownMessage>(system, async (self) => {
      const { value, ref } = await procLib.startMonitor(self, (child) => {
        procLib.initAck(child);
      });
      const down = await self.receive();
      log.push(down.ref === ref, down.pid === value, down.reason.type);
      log.push(await outcome(procLib.startMonitor(self, () => {})));
      log.push(processInfo(self.pid)?.monitors, self.messageQueueLen);
    });
    await settle(system);
    expect(log).toStrictEqual([true, true, 'normal', { exit: { type: 'normal' } }, [], 0]);
  });

  test('XT25 it makes the child of a supervisor, which waits for it', async () => {
    const system = createTestSystem();
    const order: string[] = [];
    const child = (id: string): ChildSpec =>
      childSpec(
        (parent) =>
          procLib.startLink(parent, async (self) => {
            order.push(`${id} begins`);
            await undefined;
            order.push(`${id} is up`);
            procLib.initAck(self);
            await forever();
          }),
        { id },
      );
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [child('a'), child('b')],
    });
    expect(order).toStrictEqual(['a begins', 'a is up', 'b begins', 'b is up']);
    exit(system, Supervisor.child(app, 'a') as Pid, kill);
    await settle(system);
    expect(order.slice(4)).toStrictEqual(['a begins', 'a is up']);
  });

  test('initAck is for processes that procLib has started', async () => {
    const self = await idleProcess(createTestSystem());
    expect(() => {
      procLib.initAck(self as never);
    }).toThrow(new TypeError(`Expected a process that procLib started, got ${String(self.pid)}`));
  });

  test('the parent has to live, the body to be a function, the timeout a time', async () => {
    const system = createTestSystem();
    const dead = await idleProcess(system);
    exit(system, dead.pid, kill);
    expect(await outcome(procLib.start(dead, () => {}))).toStrictEqual({
      exit: { type: 'noproc' },
    });
    await expect(procLib.start(system, 7 as never)).rejects.toThrow(TypeError);
    await expect(procLib.start(system, () => {}, { timeout: -1 })).rejects.toThrow(RangeError);
    expect(() => procLib.start(system, () => {}, { timeuot: 1 } as never)).toThrow('timeout');
  });

  test('the types tell what the process accepts and acknowledges', () => {
    const body = async (system: TestSystem): Promise<void> => {
      expectTypeOf(procLib.start<string>(system, () => {})).resolves.toEqualTypeOf<Pid<string>>();
      await procLib.start<string, number>(system, (self) => {
        procLib.initAck(self, 7);
        // @ts-expect-error -- the value has to be a number.
        procLib.initAck(self, 'seven');
        // @ts-expect-error -- the value may not be left out.
        procLib.initAck(self);
      });
    };
    expect(body).toBeInstanceOf(Function);
  });
});
