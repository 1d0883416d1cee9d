import { describe, expect, test } from '@jest/globals';
import {
  childSpec,
  createSystem,
  ExitError,
  type ExitReason,
  formatReason,
  GenServer,
  isAlive,
  type Logger,
  ok,
  type Pid,
  type Process,
  send,
  shutdownWith,
  spawn,
  spawnLink,
  Supervisor,
} from '@reprise/actor';
import { createTestSystem, type Report, settle } from '@reprise/actor/testing';

import { failedToStartChild } from '../../src/process/exit-reason.ts';
import { reportingSystem } from '../support/reporting-system.ts';

/** The text of reports, as a logger that writes JSON has it, with the texts of errors. */
function written(reports: readonly Report[]): string {
  const texts = (_key: string, value: unknown): unknown =>
    value instanceof Error
      ? {
          ...Object.fromEntries(Object.entries(value)),
          message: value.message,
          stack: value.stack,
          cause: value.cause,
        }
      : value;
  return JSON.stringify(reports, texts);
}

/** The reports of a server that crashes with this state, message and error. */
async function reportsOf(
  state: unknown,
  message: unknown,
  error: unknown,
): Promise<readonly Report[]> {
  const system = createTestSystem();
  const server = GenServer.define({
    init: () => ok(state),
    handleInfo: (): never => {
      throw error;
    },
  });
  const pid = await GenServer.start(system, server, undefined);
  send(pid, message as never);
  await settle(system);
  expect(isAlive(pid)).toBe(false);
  return system.reports.filter(({ level }) => level === 'error');
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe('a report is small, whatever the crash', () => {
  const long = 'x'.repeat(7_000_000);
  const many = new AggregateError(Array.from({ length: 10_000 }, () => new Error(long)));
  const deep = Array.from({ length: 10_000 }).reduce<Error>(
    (cause) => new Error('outer', { cause }),
    new Error('inner'),
  );

  test.each([
    ['a large state', Buffer.alloc(50_000_000), 1, new Error('boom')],
    [
      'a state of many objects',
      Array.from({ length: 1_000_000 }, () => ({})),
      1,
      new Error('boom'),
    ],
    ['a large message', 1, { long }, new Error('boom')],
    ['a long error', 1, 1, new Error(`cannot read ${long}`)],
    ['a long text that is thrown', 1, 1, long],
    ['a long name of an error', 1, 1, Object.assign(new Error('boom'), { name: long })],
    ['a large field of an error', 1, 1, Object.assign(new Error('boom'), { config: [long, long] })],
    ['many errors in one', 1, 1, many],
    ['many causes', 1, 1, deep],
  ])('%s', async (_, state, message, error) => {
    const reports = await reportsOf(state, message, error);
    expect(reports).toHaveLength(1);
    expect(written(reports).length).toBeLessThan(40_000);
  });

  test('with many links', async () => {
    const system = createTestSystem();
    spawn(system, (self) => {
      for (let count = 0; count < 1000; count++) {
        spawnLink(self, (child) => child.receive());
      }
      throw new Error('boom');
    });
    await settle(system);
    const [{ details }] = system.reports as [Report];
    const { links } = details as { readonly links: readonly string[] };
    expect(links).toHaveLength(21);
    expect(links.at(-1)).toBe('… 980 more');
  });
});

describe('the error in a report', () => {
  const errorOf = async (error: Error): Promise<Error> => {
    const [{ details }] = (await reportsOf(1, 1, error)) as [Report];
    return (details as { readonly err: Error }).err;
  };

  test('is the very error if all of it may be shown', async () => {
    const error = Object.assign(new RangeError('boom', { cause: { code: 7 } }), { code: 'E1' });
    expect(await errorOf(error)).toBe(error);
  });

  test('is a copy of the same class if it is too long, with the frames of its stack', async () => {
    const error = Object.assign(new RangeError(`boom ${'x'.repeat(5000)}`), { code: 'E1' });
    const shown = await errorOf(error);
    expect(shown).not.toBe(error);
    expect(shown).toBeInstanceOf(RangeError);
    expect(shown).toMatchObject({ name: 'RangeError', code: 'E1' });
    expect(shown.message.length).toBeLessThan(1100);
    expect(shown.stack).toContain('report-limits.test.ts');
    expect(error.message).toHaveLength(5005);
  });

  test('is a copy without secrets if it holds one, at any depth', async () => {
    const cause = Object.assign(new Error('GET https://joe:SECRET@host'), {
      config: { headers: { authorization: 'SECRET' } },
    });
    const shown = await errorOf(new Error('Bearer SECRET-TOKEN', { cause }));
    expect(written([{ level: 'error', message: '', details: { shown } }])).not.toContain('SECRET');
    expect(shown.cause).toMatchObject({ message: 'GET https://host' });
  });

  test('is without a secret that is cut, and so is the line', async () => {
    for (const length of [480, 980]) {
      const text = `${'x'.repeat(length)} https://joe:SECRET-SECRET@host/`;
      const reports = await reportsOf(1, 1, Object.assign(new Error(text), { name: text }));
      expect(written(reports)).not.toContain('SEC');
    }
  });
});

describe('no value that cannot be read', () => {
  class Hostile extends Error {
    override get message(): string {
      throw new Error('no message');
    }

    override get stack(): string {
      throw new Error('no stack');
    }
  }

  const thrown: [string, unknown][] = [
    ['an error whose fields throw', new Hostile()],
    ['a proxy that is revoked', revoked.proxy],
    ['a proxy of an error', new Proxy(new Error('boom'), {})],
    [
      'an object whose getters throw',
      {
        get type(): never {
          throw new Error('no type');
        },
      },
    ],
    ['nothing', undefined],
  ];

  test.each(thrown)(
    'keeps a crash from being reported, and its process from being restarted: %s',
    async (_, value) => {
      const { system, reports } = reportingSystem();
      let starts = 0;
      const supervisor = await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        children: [
          childSpec(
            async (parent) =>
              spawnLink(parent, (self) => {
                starts += 1;
                return starts === 1 ? Promise.reject(value) : self.receive().then(() => undefined);
              }),
            { id: 'child' },
          ),
        ],
      });
      await settle(system);
      expect(starts).toBe(2);
      expect(isAlive(supervisor)).toBe(true);
      expect(reports.some(({ message }) => message.includes('crashed'))).toBe(true);
      await system.stop();
    },
  );

  test.each(thrown.slice(2))('ends a supervisor or a server as a message: %s', async (_, value) => {
    const { system, reports } = reportingSystem();
    const supervisor = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [] });
    const server = await GenServer.startLink(system, { init: () => ok(1) }, undefined);
    send(supervisor as Pid as Pid<unknown>, value);
    send(server as Pid as Pid<unknown>, value);
    await settle(system);
    expect([isAlive(supervisor), isAlive(server)]).toEqual([true, true]);
    expect(reports).toHaveLength(2);
    await system.stop();
  });
});

test('a logger gets details that JSON can hold, also from user code', async () => {
  const lines: string[] = [];
  const write: Logger['error'] = (details) => void lines.push(JSON.stringify(details));
  const system = createSystem({ logger: { error: write, warn: write } });
  const cycle: Record<string, unknown> = { big: 1n };
  cycle['cycle'] = cycle;
  system.logger.warn({ cycle, bytes: new Uint8Array(1e7), password: 'SECRET' }, 'mine');
  expect(lines).toStrictEqual([
    '{"cycle":{"big":"1","cycle":"[circular]"},"bytes":"[Uint8Array of 10000000 bytes]","password":"[redacted]"}',
  ]);
  await system.stop();
});

test('the names of redact are hidden in all reports of a system', async () => {
  const { system, reports } = reportingSystem({ redact: ['iban', /^ssn/] });
  system.logger.error({ iban: 'SECRET', ssn7: 'SECRET' }, 'GET http://h/?iban=SECRET');
  expect(written(reports)).not.toContain('SECRET');
  await system.stop();
});

describe('a start that fails at a great depth', () => {
  const levels = 100_000;
  const reason = Array.from({ length: levels }).reduce<ExitReason>(
    (inner, _, level) => shutdownWith(failedToStartChild(`level ${level}`, inner)),
    { type: 'timeout' },
  );

  test('is told in a few lines', () => {
    const { message } = new ExitError(reason, 'start of top');
    expect(message.split('\n').length).toBeLessThan(15);
    expect(message).toMatch(/level 99999\n/);
    expect(message).toMatch(/… \d+ more/);
    expect(formatReason(reason).length).toBeLessThan(1000);
  });

  test('says why the last child failed, in a real tree', async () => {
    const system = createTestSystem();
    const nested =
      (level: number) =>
      (parent: Process): Promise<Pid | undefined> =>
        level === 0
          ? Promise.reject(new Error('the disk is full'))
          : Supervisor.startLink(parent, {
              strategy: 'oneForOne',
              children: [
                childSpec(nested(level - 1), { id: `level ${level}`, type: 'supervisor' }),
              ],
            });
    const failed = await nested(300)(system).catch((error: unknown) => error);
    expect((failed as Error).message).toContain('the disk is full');
    expect((failed as Error).message).toContain('… 290 more');
    expect((failed as Error).message.length).toBeLessThan(1000);
    expect(written(system.reports).length).toBeLessThan(1_000_000);
  });
});

test('reasons within reasons are told to a bounded depth', () => {
  const reason = Array.from({ length: 100_000 }).reduce<ExitReason>(
    (inner) => shutdownWith(inner),
    { type: 'timeout' },
  );
  expect(formatReason(reason).length).toBeLessThan(500);
});
