import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import {
  type AliasMode,
  type AliasRef,
  crash,
  demonitor,
  type DownMessage,
  exit,
  GenServer,
  isAlive,
  kill,
  killed,
  link,
  monitor,
  name,
  noproc,
  noreply,
  normal,
  ok,
  type Receiver,
  type Ref,
  register,
  send,
  spawn,
  spawnMonitor,
  TimeoutError,
  unalias,
  unregister,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import {
  drain,
  exitReasonOf,
  exitingProcess,
  idleProcess,
  type Log,
  recordingProcess,
} from '../support/processes.ts';

const a = crash('a');

interface Scene {
  readonly system: TestSystem;
  readonly log: Log;
  /** Logs its messages. */
  readonly m: Receiver<unknown>;
  /** Exits with the reason it is sent. */
  readonly p: Receiver<unknown>;
}

async function scene(): Promise<Scene> {
  const system = createTestSystem();
  const log: Log = [];
  const m = await recordingProcess(system, log, 'M');
  const p = await exitingProcess(system);
  return { system, log, m, p };
}

/**
 * Each entry of the log as `[type, name of the ref, pid, reason]`: refs can only be compared by
 * identity.
 */
function downs(log: Log, refs: Readonly<Record<string, Ref>>): unknown[] {
  return log.map(([, message]) => {
    const { type, ref, pid, reason } = message as DownMessage;
    const name = Object.keys(refs).find((each) => refs[each] === ref);
    return [type, name, pid, reason];
  });
}

describe('monitor', () => {
  test('MO01 one message reports the end of the process, with its reason', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid);
    send(p.pid, a);
    await settle(system);
    expect(log).toStrictEqual([['M', { type: 'DOWN', ref, pid: p.pid, reason: a }]]);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, a]]);
  });

  test('MO02 a normal end gives a message too', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid);
    send(p.pid, normal);
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, normal]]);
  });

  test('MO03 the reason of a kill is killed', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid);
    exit(system, p.pid, kill);
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, killed]]);
  });

  test('MO04 a process that has ended gives a message at once, with noproc', async () => {
    const { system, log, m, p } = await scene();
    exit(system, p.pid, kill);
    const ref = monitor(m, p.pid);
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, noproc]]);
  });

  test('MO05 a free name gives a message at once, with noproc and the name', async () => {
    const { system, log, m } = await scene();
    const ref = monitor(m, name('free').in(system));
    await settle(system);
    expect(log).toStrictEqual([['M', { type: 'DOWN', ref, name: 'free', reason: noproc }]]);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', undefined, noproc]]);
  });

  test('MO06 the message about a process that is monitored by name has that name', async () => {
    const { system, log, m, p } = await scene();
    register(system, 'printer', p.pid);
    const ref = monitor(m, name('printer').in(system));
    send(p.pid, a);
    await settle(system);
    expect(log).toStrictEqual([['M', { type: 'DOWN', ref, name: 'printer', reason: a }]]);
  });

  test('MO07 a monitor is bound to the process that had the name then', async () => {
    const { system, log, m, p } = await scene();
    const q = await exitingProcess(system);
    register(system, 'printer', p.pid);
    const ref = monitor(m, name('printer').in(system));
    unregister(system, 'printer');
    register(system, 'printer', q.pid);
    send(q.pid, crash('q'));
    await settle(system);
    expect(exitReasonOf(q)).toStrictEqual(crash('q'));
    expect(log).toStrictEqual([]);
    send(p.pid, crash('x'));
    await settle(system);
    expect(log).toStrictEqual([['M', { type: 'DOWN', ref, name: 'printer', reason: crash('x') }]]);
  });

  test('MO08 monitored twice, two messages: one for each ref', async () => {
    const { system, log, m, p } = await scene();
    const refs = { first: monitor(m, p.pid), second: monitor(m, p.pid) };
    send(p.pid, a);
    await settle(system);
    expect(downs(log, refs)).toStrictEqual([
      ['DOWN', 'first', p.pid, a],
      ['DOWN', 'second', p.pid, a],
    ]);
  });

  test('MO09 the end of the monitoring process does not affect the monitored one', async () => {
    const { system, log, m, p } = await scene();
    monitor(m, p.pid);
    exit(system, m.pid, kill);
    await settle(system);
    expect(exitReasonOf(m)).toStrictEqual(killed);
    expect(isAlive(p.pid)).toBe(true);
    send(p.pid, a);
    await settle(system);
    expect(log).toStrictEqual([]);
  });

  test('MO10 a process that monitors itself gets no message', async () => {
    const { system, log, m } = await scene();
    const ref = monitor(m, m.pid);
    await settle(system);
    expect(demonitor(m, ref, { info: true })).toBe(false);
    exit(system, m.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([]);
  });

  test('MO18 the messages that a process sent before its end come before DOWN', async () => {
    const { system, log, m } = await scene();
    const { ref, pid } = spawnMonitor(m, () => {
      send(m.pid, 'm1');
      send(m.pid, 'm2');
    });
    await settle(system);
    expect(log).toStrictEqual([
      ['M', 'm1'],
      ['M', 'm2'],
      ['M', { type: 'DOWN', ref, pid, reason: normal }],
    ]);
  });

  test('MO19 when the message comes, the name is free and the process is not alive', async () => {
    const { system, p } = await scene();
    const seen: unknown[] = [];
    register(system, 'name', p.pid);
    spawn<DownMessage>(system, async (self) => {
      monitor(self, p.pid);
      const { pid } = await self.receive();
      seen.push([whereis(self, 'name'), isAlive(pid)]);
    });
    await settle(system);
    send(p.pid, a);
    await settle(system);
    expect(seen).toStrictEqual([[undefined, false]]);
  });

  test('MO20 spawnMonitor has the reason of a function that ended at once, never noproc', async () => {
    const { system, log, m } = await scene();
    const { pid, ref } = spawnMonitor(m, (self) => exit(self, crash('q')));
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', pid, crash('q')]]);
  });

  test('MO21 linked and monitored: one EXIT, then one DOWN', async () => {
    const { system, log, p } = await scene();
    const m = await recordingProcess(system, log, 'M', { traps: true });
    const ref = monitor(m, p.pid);
    link(m, p.pid);
    send(p.pid, a);
    await settle(system);
    expect(log).toStrictEqual([
      ['M', { type: 'EXIT', pid: p.pid, reason: a }],
      ['M', { type: 'DOWN', ref, pid: p.pid, reason: a }],
    ]);
  });

  test('MO22 a monitor with a tag gives a message of that type', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid, { tag: 'workerDown' });
    const other = monitor(m, p.pid);
    send(p.pid, a);
    await settle(system);
    expect(downs(log, { ref, other })).toStrictEqual([
      ['workerDown', 'ref', p.pid, a],
      ['DOWN', 'other', p.pid, a],
    ]);
  });

  test('the message prints short: a ref shows nothing of its process', async () => {
    const { system, log, m, p } = await scene();
    monitor(m, p.pid);
    send(p.pid, a);
    await settle(system);
    const [, message] = log[0] ?? [];
    expect(JSON.stringify(message).length).toBeLessThan(200);
    expect(inspect(message).length).toBeLessThan(200);
  });

  test('MO23 a value that is no pid cannot be monitored', async () => {
    const { m } = await scene();
    expect(() => monitor(m, 'plutt' as never)).toThrow(
      new TypeError(
        'Expected a pid or a name in a system, got "plutt": use `name("plutt").in(system)`',
      ),
    );
  });
});

describe('demonitor', () => {
  test('MO11 no message comes any more', async () => {
    const { system, log, m, p } = await scene();
    const refs = { off: monitor(m, p.pid), on: monitor(m, p.pid) };
    demonitor(m, refs.off);
    send(p.pid, a);
    await settle(system);
    expect(downs(log, refs)).toStrictEqual([['DOWN', 'on', p.pid, a]]);
  });

  /** A DOWN of P in the mailbox of M, between two messages. */
  async function queued(): Promise<{ m: Receiver<unknown>; down: object; ref: Ref }> {
    const { system, p } = await scene();
    const m = await idleProcess(system);
    const ref = monitor(m, p.pid);
    send(m.pid, 'before');
    exit(system, p.pid, a);
    send(m.pid, 'after');
    return { m, ref, down: { type: 'DOWN', ref, pid: p.pid, reason: a } };
  }

  test('MO12 a message that is in the mailbox already stays there', async () => {
    const { m, ref, down } = await queued();
    expect(demonitor(m, ref)).toBe(true);
    expect(await drain(m)).toStrictEqual(['before', down, 'after']);
  });

  test('MO13 with flush, a message that is in the mailbox already is removed', async () => {
    const { m, ref } = await queued();
    expect(demonitor(m, ref, { flush: true })).toBe(true);
    expect(await drain(m)).toStrictEqual(['before', 'after']);
  });

  test('MO13 with flush, a message with a tag of its own is removed too', async () => {
    const { system, p } = await scene();
    const m = await idleProcess(system);
    const ref = monitor(m, p.pid, { tag: 'workerDown' });
    exit(system, p.pid, a);
    demonitor(m, ref, { flush: true });
    expect(await drain(m)).toStrictEqual([]);
  });

  test('MO13 with flush, its process has no turn before those that have messages', async () => {
    const { system, p } = await scene();
    const log: Log = [];
    const first = await recordingProcess(system, log, 'first');
    const second = await recordingProcess(system, log, 'second');
    demonitor(second, monitor(second, p.pid), { flush: true });
    send(first.pid, 'a');
    send(second.pid, 'b');
    await settle(system);
    expect(log).toStrictEqual([
      ['first', 'a'],
      ['second', 'b'],
    ]);
  });

  test('MO13 flush removes nothing but the message of that monitor', async () => {
    const { system, p } = await scene();
    const m = await idleProcess(system);
    const kept = monitor(m, p.pid);
    const flushed = monitor(m, p.pid);
    // A reply that contains the ref, as that to a request does, is no DOWN message.
    const messages = [undefined, null, 'DOWN', { type: 'answer', ref: flushed }];
    for (const message of messages) {
      send(m.pid, message);
    }
    exit(system, p.pid, a);
    demonitor(m, flushed, { flush: true });
    const left = await drain(m);
    expect((left.pop() as DownMessage).ref === kept).toBe(true);
    expect(left.length).toBe(messages.length);
    expect(left.every((message, at) => message === messages[at])).toBe(true);
  });

  test('MO14 ending a monitor twice does nothing', async () => {
    const { m, p } = await scene();
    const ref = monitor(m, p.pid);
    expect([demonitor(m, ref), demonitor(m, ref)]).toStrictEqual([true, true]);
    expect(demonitor(m, ref, { flush: true })).toBe(true);
  });

  test('MO15 with info, it answers true if it has removed a monitor', async () => {
    const { m, p } = await scene();
    const ref = monitor(m, p.pid);
    expect(demonitor(m, ref, { info: true })).toBe(true);
    expect(demonitor(m, ref, { info: true })).toBe(false);
  });

  test('MO16 with info, it answers false if the message has been delivered', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid);
    send(p.pid, a);
    await settle(system);
    expect(log).toHaveLength(1);
    expect(demonitor(m, ref, { info: true })).toBe(false);
  });

  test('MO16 with info and flush, it answers false as well, and removes the message', async () => {
    const { m, ref } = await queued();
    expect(demonitor(m, ref, { flush: true, info: true })).toBe(false);
    expect(await drain(m)).toStrictEqual(['before', 'after']);
  });

  test('MO17 only its owner can end a monitor', async () => {
    const { system, log, m, p } = await scene();
    const other = await idleProcess(system);
    const ref = monitor(m, p.pid);
    expect(() => demonitor(other, ref)).toThrow(
      new Error(`Expected a ref of ${String(other.pid)}, got another process's`),
    );
    send(p.pid, a);
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, a]]);
  });

  test('MO23 a value that is no ref is refused', async () => {
    const { m } = await scene();
    expect(() => demonitor(m, 'x' as never, { flush: true })).toThrow(
      new TypeError('Expected a ref that monitor or alias returned, got "x"'),
    );
  });
});

describe('a monitor with an alias', () => {
  /** M monitors P with an alias, to which P replies. */
  async function aliased(alias: AliasMode) {
    const { system, log, m, p } = await scene();
    return { system, log, m, p, ref: monitor<string>(m, p.pid, { alias }) };
  }

  test('MO24 replyDemonitor delivers the first answer, and ends the alias and the monitor', async () => {
    const { system, log, m, p, ref } = await aliased('replyDemonitor');
    send(ref, 'first');
    send(ref, 'second');
    expect(demonitor(m, ref, { info: true })).toBe(false);
    send(p.pid, a);
    await settle(system);
    expect(exitReasonOf(p)).toBe(a);
    expect(log).toStrictEqual([['M', 'first']]);
  });

  test('MO24 replyDemonitor delivers an end that comes before the answer, and drops the answer', async () => {
    const { system, log, p, ref } = await aliased('replyDemonitor');
    exit(system, p.pid, a);
    send(ref, 'late');
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, a]]);
  });

  test('MO25 demonitor drops messages after the monitor was ended', async () => {
    const { system, log, m, ref } = await aliased('demonitor');
    send(ref, 'first');
    send(ref, 'second');
    demonitor(m, ref);
    send(ref, 'late');
    await settle(system);
    expect(log).toStrictEqual([
      ['M', 'first'],
      ['M', 'second'],
    ]);
  });

  test('demonitor drops messages after DOWN', async () => {
    const { system, log, p, ref } = await aliased('demonitor');
    exit(system, p.pid, a);
    send(ref, 'late');
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, a]]);
  });

  test('explicitUnalias delivers until unalias, with the monitor or without it', async () => {
    const { system, log, m, ref } = await aliased('explicitUnalias');
    demonitor(m, ref);
    send(ref, 'still on');
    expect(unalias(m, ref)).toBe(true);
    expect(unalias(m, ref)).toBe(false);
    send(ref, 'late');
    await settle(system);
    expect(log).toStrictEqual([['M', 'still on']]);
  });

  test('explicitUnalias delivers after DOWN, too', async () => {
    const { system, log, p, ref } = await aliased('explicitUnalias');
    exit(system, p.pid, a);
    send(ref, 'still on');
    await settle(system);
    expect(log.map(([, message]) => (message as { type?: string }).type ?? message)).toStrictEqual([
      'DOWN',
      'still on',
    ]);
  });

  test.each(['explicitUnalias', 'demonitor', 'replyDemonitor'] as const)(
    '%s is off from the start when a process monitors itself: there is no monitor',
    async (alias) => {
      const system = createTestSystem();
      const m = await idleProcess(system);
      const ref = monitor<string>(m, m.pid, { alias });
      send(ref, 'lost');
      expect([unalias(m, ref), demonitor(m, ref, { info: true }), m.messageQueueLen]).toStrictEqual(
        [false, false, 0],
      );
    },
  );

  test('unalias does not end the monitor', async () => {
    const { system, log, m, p, ref } = await aliased('demonitor');
    expect(unalias(m, ref)).toBe(true);
    send(ref, 'late');
    send(p.pid, a);
    await settle(system);
    expect(downs(log, { ref })).toStrictEqual([['DOWN', 'ref', p.pid, a]]);
  });

  test('without one, a ref is no address', async () => {
    const { system, log, m, p } = await scene();
    const ref = monitor(m, p.pid);
    send(ref as AliasRef<string>, 'lost');
    await settle(system);
    expect(log).toStrictEqual([]);
    expect(unalias(m, ref)).toBe(false);
  });

  test('only its owner can end an alias', async () => {
    const { system, log, ref } = await aliased('demonitor');
    const other = await idleProcess(system);
    expect(() => unalias(other, ref)).toThrow(
      new Error(`Expected a ref of ${String(other.pid)}, got another process's`),
    );
    send(ref, 'on');
    await settle(system);
    expect(log).toStrictEqual([['M', 'on']]);
  });
});

describe('a call, which is an alias and a monitor in one', () => {
  const echo = GenServer.define({
    init: () => ok<GenServer.From<string>[]>([]),
    handleCall: {
      later: (_, waiting, from: GenServer.From<string>) => noreply([...waiting, from]),
    },
    handleCast: {
      answer: (text: string, waiting) => {
        for (const from of waiting) {
          GenServer.reply(from, text);
        }
        return noreply(waiting);
      },
    },
  });

  test('MO24 of two replies to a call the first is delivered, and then nothing more, not even an end', async () => {
    const { system, log, m } = await scene();
    const server = await GenServer.start(system, echo, undefined);
    const answer = GenServer.call(server, 'later');
    GenServer.cast(server, 'answer', 'first');
    GenServer.cast(server, 'answer', 'second');
    expect(await answer).toBe('first');
    exit(system, server, kill);
    await settle(system);
    expect(await answer).toBe('first');
    expect(log).toStrictEqual([]);
    expect(m.messageQueueLen).toBe(0);
  });

  test('MO25 a reply to a call that comes after the caller has given up is dropped', async () => {
    const { system, log, p } = await scene();
    const server = await GenServer.start(system, echo, undefined);
    const caller = spawn<unknown>(system, async (self) => {
      await expect(GenServer.call(server, 'later', undefined, { timeout: 100 })).rejects.toThrow(
        TimeoutError,
      );
      for (;;) {
        log.push(['caller', await self.receive()]);
      }
    });
    await advance(system, 100);
    GenServer.cast(server, 'answer', 'late');
    await settle(system);
    send(caller, 'next');
    await settle(system);
    expect(log).toStrictEqual([['caller', 'next']]);
    expect(isAlive(p.pid)).toBe(true);
  });
});
