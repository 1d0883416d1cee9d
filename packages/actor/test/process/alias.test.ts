import { describe, expect, test } from '@jest/globals';
import {
  alias,
  type AliasRef,
  demonitor,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  processInfo,
  type Receiver,
  send,
  spawn,
  sys,
  unalias,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { drain, idleProcess } from '../support/processes.ts';

const urgent = { priority: true } as const;

describe('an alias without a monitor', () => {
  test('XT35 takes messages until unalias, which only its owner may call', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const other = await idleProcess(system);
    const ref = alias<string>(self);
    send(ref, 'a');
    send(ref, 'b');
    expect(() => unalias(other, ref)).toThrow('Expected a ref of');
    expect(unalias(self, ref)).toBe(true);
    expect(send(ref, 'c')).toBe(true);
    expect(unalias(self, ref)).toBe(false);
    expect(await drain(self)).toStrictEqual(['a', 'b']);
    expect(processInfo(self.pid)?.monitors).toStrictEqual([]);
  });

  test('XT36 with reply it takes one message', async () => {
    const self = await idleProcess(createTestSystem());
    const ref = alias<string>(self, { reply: true });
    send(ref, 'a');
    send(ref, 'b');
    expect(await drain(self)).toStrictEqual(['a']);
    expect(unalias(self, ref)).toBe(false);
  });

  test.each([{}, { reply: true }, { priority: true }])(
    'XT35 a demonitor does not end it: %j',
    async (options) => {
      const self = await idleProcess(createTestSystem());
      const ref = alias<string>(self, options);
      expect(demonitor(self, ref, { info: true })).toBe(false);
      send(ref, 'a');
      expect(await drain(self)).toStrictEqual(['a']);
    },
  );

  test('XT36 a misspelt option of send does not end it', async () => {
    const self = await idleProcess(createTestSystem());
    const ref = alias<string>(self, { reply: true });
    expect(() => send(ref, 'a', { prio: true } as never)).toThrow(
      'Expected an option of send (priority), got `prio`',
    );
    send(ref, 'b');
    expect(await drain(self)).toStrictEqual(['b']);
  });

  test('XT35 of a process that has ended drops its messages', async () => {
    const system = createTestSystem();
    const self = await idleProcess(system);
    const ref = alias<string>(self, { priority: true });
    exit(system, self.pid, kill);
    expect([send(ref, 'a'), send(ref, 'b', urgent)]).toStrictEqual([true, true]);
  });

  test('refuses an unknown option', () => {
    expect(() => alias(createTestSystem(), { prority: true } as never)).toThrow('priority');
    const ref = alias<string>(createTestSystem(), urgent);
    expect(() => send(ref, 'a', { prioriti: true } as never)).toThrow('priority');
  });
});

describe('a priority message', () => {
  test('XT37 comes before all ordinary ones, in the order sent', async () => {
    const self = await idleProcess(createTestSystem());
    send(self.pid, 'a');
    const ref = alias<string>(self, urgent);
    send(self.pid, 'b');
    send(ref, 'u1', urgent);
    send(self.pid, 'c');
    send(ref, 'u2', urgent);
    expect(self.messageQueueLen).toBe(5);
    expect(await drain(self)).toStrictEqual(['u1', 'u2', 'a', 'b', 'c']);
  });

  test('XT37 of several aliases of one process, too', async () => {
    const self = await idleProcess(createTestSystem());
    const refs = [alias<string>(self, urgent), alias<string>(self, { ...urgent, reply: true })];
    send(self.pid, 'a');
    for (const text of ['u1', 'u2']) {
      for (const [index, ref] of refs.entries()) {
        send(ref, `${text} of ${index}`, urgent);
      }
    }
    expect(await drain(self)).toStrictEqual(['u1 of 0', 'u1 of 1', 'u2 of 0', 'a']);
  });

  test('XT38 is an ordinary one to a pid, and to an alias that is not for it', async () => {
    const self = await idleProcess(createTestSystem());
    alias(self, urgent);
    send(self.pid, 'a');
    send(self.pid, 'b', urgent);
    send(alias<string>(self), 'c', urgent);
    expect(await drain(self)).toStrictEqual(['a', 'b', 'c']);
  });

  test('XT38 an ordinary message to a priority alias stays in line', async () => {
    const self = await idleProcess(createTestSystem());
    const ref = alias<string>(self, urgent);
    send(self.pid, 'a');
    send(ref, 'b');
    send(ref, 'c', { priority: false });
    expect(await drain(self)).toStrictEqual(['a', 'b', 'c']);
  });

  test('XT39 reaches a receive that has looked at all messages before it', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<AliasRef<string>>();
    const pid = spawn<string>(system, async (self) => {
      resolve(alias(self, urgent));
      log.push(await self.receive((text) => text.startsWith('u')));
      log.push(await self.receive(), await self.receive());
    });
    const ref = await promise;
    send(pid, 'a');
    send(pid, 'b');
    await settle(system);
    send(ref, 'u1', urgent);
    await settle(system);
    expect(log).toStrictEqual(['u1', 'a', 'b']);
  });

  test('XT39 a match may make the alias while it looks at the mailbox', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const pid = spawn<string>(system, async (self: Receiver<string>) => {
      await self.receive((text) => {
        alias(self, urgent);
        return text === 'b';
      });
      log.push(self.messageQueueLen, await self.receive());
    });
    send(pid, 'a');
    send(pid, 'b');
    await settle(system);
    expect(log).toStrictEqual([1, 'a']);
  });

  test('XT39 that a match sends to its own process leaves the message that it has accepted', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const pid = spawn<string>(system, async (self: Receiver<string>) => {
      const ref = alias<string>(self, urgent);
      const accept = (text: string, wanted: boolean): boolean => {
        if (text === 'b') {
          send(ref, 'u', urgent);
        }
        return text === 'u' || wanted;
      };
      log.push(await self.receive((text) => accept(text, text === 'b')));
      log.push(await self.receive(), await self.receive());
      send(self.pid, 'b');
      log.push(await self.receive((text) => accept(text, false)), await self.receive());
    });
    send(pid, 'a');
    send(pid, 'b');
    await settle(system);
    expect(log).toStrictEqual(['b', 'u', 'a', 'u', 'b']);
  });

  test('XT39 is the next that a server handles, also one that was suspended', async () => {
    const system = createTestSystem();
    const server = GenServer.define({
      init: (give: (ref: AliasRef<string>) => void, self) => {
        give(alias(self, urgent));
        return ok<readonly string[]>([]);
      },
      handleInfo: (text: string, texts) => noreply([...texts, text]),
    });
    const { promise, resolve } = Promise.withResolvers<AliasRef<string>>();
    const pid = await GenServer.start(system, server, resolve);
    const ref = await promise;
    await sys.suspend(pid);
    send(pid, 'a');
    send(ref, 'u', urgent);
    await sys.resume(pid);
    expect(await sys.getState(pid)).toStrictEqual(['u', 'a']);
  });

  test.each([
    ['reject', false, ['a', 'b']],
    ['dropNewest', true, ['a', 'b']],
    ['dropOldest', true, ['u', 'b']],
  ] as const)('XT40 obeys the limit of a mailbox: %s', async (overflow, isTaken, expected) => {
    const system = createTestSystem();
    const { promise, resolve } = Promise.withResolvers<Receiver<string>>();
    spawn<string>(
      system,
      (self) => {
        resolve(self);
        return new Promise(() => {});
      },
      { mailbox: { capacity: 2, overflow } },
    );
    const self = await promise;
    const ref = alias<string>(self, urgent);
    send(self.pid, 'a');
    send(self.pid, 'b');
    expect(send(ref, 'u', urgent)).toBe(isTaken);
    expect(processInfo(self.pid)?.mailbox).toStrictEqual({ capacity: 2, overflow, dropped: 1 });
    expect(await drain(self as Receiver<unknown>)).toStrictEqual(expected);
  });

  test('XT40 a mailbox without a limit stays one', async () => {
    const self = await idleProcess(createTestSystem());
    alias(self, urgent);
    expect(processInfo(self.pid)?.mailbox).toBeUndefined();
  });

  test('costs other processes nothing: their mailboxes stay as they are', async () => {
    const system = createTestSystem();
    const [self, other] = [await idleProcess(system), await idleProcess(system)];
    alias(self);
    alias(other, urgent);
    const { cellOfProcess } = await import('../../src/process/cell.ts');
    const names = [self, other].map((one) => cellOfProcess(one).mailbox.constructor.name);
    expect(names).toStrictEqual(['Mailbox', 'PriorityMailbox']);
  });
});

test('a receive takes each value out of the mailbox, also NaN', async () => {
  const self = await idleProcess(createTestSystem());
  for (const value of [Number.NaN, undefined, Number.NaN]) {
    send(self.pid, value);
  }
  expect(await drain(self)).toStrictEqual([Number.NaN, undefined, Number.NaN]);
});
