import { describe, expect, test } from '@jest/globals';
import {
  deleteProcessLevel,
  GenServer,
  getProcessLevel,
  getProcessMetadata,
  loggerOf,
  ok,
  putProcessLevel,
  send,
  setLabel,
  setProcessMetadata,
  spawn,
  Supervisor,
  updateProcessMetadata,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { idleProcess } from '../support/processes.ts';
import { reportingSystem } from '../support/reporting-system.ts';

const messages = (system: TestSystem): readonly string[] =>
  system.reports.map(({ message }) => message);

const fragile = GenServer.define({
  init: (level: 'warn' | 'error' | 'none', self) => {
    putProcessLevel(self, level);
    return ok(undefined);
  },
  handleCall: {
    fail: (): never => {
      throw new Error('boom');
    },
  },
});

describe('metadata', () => {
  test('XT06 are in the reports of their process, and in no others', async () => {
    const system = createTestSystem();
    spawn(system, (self) => {
      setProcessMetadata(self, { requestId: 'r-1' });
      throw new Error('boom');
    });
    spawn(system, () => {
      throw new Error('bang');
    });
    await settle(system);
    expect(system.reports[0]?.details).toMatchObject({ metadata: { requestId: 'r-1' } });
    expect(system.reports[1]?.details).not.toHaveProperty('metadata');
  });

  test('XT06 are in the warnings of a server, too', async () => {
    const system = createTestSystem();
    const server = GenServer.define({
      init: (_: undefined, self) => {
        setProcessMetadata(self, { room: 7 });
        return ok(undefined);
      },
    });
    const pid = await GenServer.start(system, server, undefined);
    send(pid as never, 'unknown' as never);
    await settle(system);
    expect(system.reports[0]).toMatchObject({ level: 'warn', details: { metadata: { room: 7 } } });
  });

  test('XT06 are in all that the process logs itself', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const logger = loggerOf(self);
    setProcessMetadata(self, { room: 7 });
    logger.warn({ seats: 0 }, 'full');
    logger.error({}, 'closed');
    expect(system.reports).toStrictEqual([
      { level: 'warn', message: 'full', details: { seats: 0, metadata: { room: 7 } } },
      { level: 'error', message: 'closed', details: { metadata: { room: 7 } } },
    ]);
  });

  test('XT04 XT06 a label is in all that the process logs itself, too', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const logger = loggerOf(self);
    logger.warn({}, 'before');
    setLabel(self, ['room', 7]);
    logger.warn({ seats: 0 }, 'full');
    expect(system.reports.map(({ details }) => details)).toStrictEqual([
      {},
      { seats: 0, label: ['room', 7] },
    ]);
  });

  test('XT06 are bounded and without secrets, and no getter of the details is called', async () => {
    const { system, reports } = reportingSystem({ redact: ['seat'] });
    const self = await idleProcess(system);
    setProcessMetadata(self, { password: 'p1', seat: 's1', text: 'x'.repeat(100_000) });
    let calls = 0;
    const details = {
      get secret(): number {
        calls += 1;
        return calls;
      },
    };
    loggerOf(self).warn(details, 'full');
    expect(calls).toBe(0);
    const text = JSON.stringify(reports);
    expect(text).not.toMatch(/p1|s1/);
    expect(text.length).toBeLessThan(5000);
    await system.stop();
  });

  test('XT06 whatever JavaScript passes as details; an error alone is `err`, as for pino', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    setProcessMetadata(self, { room: 7 });
    const error = new Error('boom');
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const logger of [loggerOf(self), system.logger]) {
      for (const details of [error, undefined, null, 7, 'text', revoked.proxy]) {
        logger.warn(details as object, 'told');
      }
    }
    const [own, ofSystem] = [system.reports.slice(0, 6), system.reports.slice(6)];
    const metadata = { room: 7 };
    const none = [{}, {}, {}, {}, {}];
    expect(ofSystem.map(({ details }) => details)).toStrictEqual([{ err: error }, ...none]);
    expect(own.map(({ details }) => details)).toStrictEqual(
      [{ err: error }, ...none].map((details) => ({ ...details, metadata })),
    );
  });

  test('XT07 are added to by an update, where undefined removes a name', async () => {
    const self = await idleProcess(createTestSystem());
    const given = { a: 1, b: 2 };
    setProcessMetadata(self, given);
    given.a = 9;
    updateProcessMetadata(self, { b: undefined, c: 3 });
    expect(getProcessMetadata(self)).toStrictEqual({ a: 1, c: 3 });
    setProcessMetadata(self, { d: 4, e: undefined });
    expect(getProcessMetadata(self)).toStrictEqual({ d: 4 });
  });

  test('XT08 are not inherited', async () => {
    const system = createTestSystem();
    setProcessMetadata(system, { requestId: 'r-1' });
    expect(getProcessMetadata(await idleProcess(system))).toStrictEqual({});
  });

  test.each([[null], ['text'], [['a']]])('have to be an object: %j', (metadata) => {
    const system = createTestSystem();
    expect(() => {
      setProcessMetadata(system, metadata as never);
    }).toThrow(TypeError);
    expect(() => {
      updateProcessMetadata(system, metadata as never);
    }).toThrow(TypeError);
  });
});

describe('the level of a process', () => {
  test('XT09 decides which of its reports are logged', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const logger = loggerOf(self);
    const log = (): void => {
      logger.warn({}, `warn at ${String(getProcessLevel(self))}`);
      logger.error({}, `error at ${String(getProcessLevel(self))}`);
    };
    for (const level of ['none', 'error', 'warn'] as const) {
      putProcessLevel(self, level);
      log();
    }
    putProcessLevel(self, 'none');
    deleteProcessLevel(self);
    log();
    expect(messages(system)).toStrictEqual([
      'error at error',
      'warn at warn',
      'error at warn',
      'warn at undefined',
      'error at undefined',
    ]);
  });

  test('XT09 none leaves out the report of its crash', async () => {
    const system = createTestSystem();
    spawn(system, (self) => {
      putProcessLevel(self, 'none');
      throw new Error('boom');
    });
    await settle(system);
    expect(system.reports).toStrictEqual([]);
  });

  test.each([
    ['none', ['supervisor app: child "a" (#Pid<3>) ended: Error: boom']],
    ['error', ['child "a" (#Pid<3>) of supervisor app crashed: Error: boom']],
  ] as const)(
    'XT10 %s of a child: its end is reported once, by itself or its supervisor',
    async (level, expected) => {
      const system = createTestSystem();
      const app = await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        name: 'app',
        children: [GenServer.childSpec(fragile, level, { id: 'a' })],
      });
      await outcome(GenServer.call(Supervisor.child(app, 'a'), 'fail'));
      await settle(system);
      expect(messages(system)).toStrictEqual(expected);
    },
  );

  test('has to be one of three', () => {
    const system = createTestSystem();
    expect(() => {
      putProcessLevel(system, 'wran' as 'warn');
    }).toThrow('Expected a level to be');
  });
});
