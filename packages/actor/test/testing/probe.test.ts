import { describe, expect, test } from '@jest/globals';
import {
  crash,
  demonitor,
  type DownMessage,
  exit,
  ExitError,
  type ExitMessage,
  isAlive,
  kill,
  link,
  monitor,
  noproc,
  normal,
  type Pid,
  type Process,
  type Ref,
  send,
  sendAfter,
  shutdown,
  shutdownWith,
  spawn,
  spawnLink,
  unlink,
} from '@reprise/actor';
import {
  advance,
  createProbe,
  createTestSystem,
  type Probe,
  settle,
  type TestSystem,
} from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { outcome } from '../support/outcome.ts';

function probing(options?: { readonly trapExit?: boolean }): {
  readonly system: TestSystem;
  readonly probe: Probe;
} {
  const system = createTestSystem();
  return { system, probe: createProbe(system, options) };
}

/** The message of the error with which a promise is rejected. */
function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it did not fail',
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : 'no Error'),
  );
}

describe('expectMessage', () => {
  test('resolves with the message that is expected, and takes it', async () => {
    const { probe } = probing();
    const message = { say: ['hello', { to: 'Joe' }] };
    send(probe.pid, message);
    expect(await probe.expectMessage({ say: ['hello', { to: 'Joe' }] })).toBe(message);
    await probe.expectNothing();
  });

  test('takes the oldest match, and leaves the others in order', async () => {
    const { probe } = probing();
    for (const message of [1, 'a', 2, 'b']) {
      send(probe.pid, message);
    }
    const isText = (message: unknown): message is string => typeof message === 'string';
    expect(await probe.expectMessage(isText)).toBe('a');
    expect(probe.messages).toStrictEqual([1, 2, 'b']);
    expect(await probe.expectMessage((message) => Number(message) > 1)).toBe(2);
    expect(probe.messages).toStrictEqual([1, 'b']);
  });

  test('waits until the system is idle; a later message waits for virtual time', async () => {
    const { system, probe } = probing();
    const relay = spawn<string>(system, async (self) => {
      send(probe.pid, await self.receive());
    });
    send(relay, 'relayed');
    await probe.expectMessage('relayed');
    sendAfter(probe.pid, 'late', 1000);
    await advance(system, 999);
    await probe.expectNothing();
    await advance(system, 1);
    expect(await probe.expectMessage('late')).toBe('late');
  });

  test('fails with all that the probe has', async () => {
    const { system, probe } = probing();
    const other = spawn(system, () => {});
    send(probe.pid, 'hello');
    send(probe.pid, { pid: other, error: new Error('oops'), n: 1n, at: Infinity, none: undefined });
    expect(await failureOf(probe.expectMessage({ say: 'bye' }))).toBe(
      [
        'Expected {"say":"bye"}, got:',
        '  "hello"',
        '  {"pid":"#Pid<3>","error":"Error: oops","n":"1","at":"Infinity","none":"undefined"}',
      ].join('\n'),
    );
    const long = (message: unknown): boolean => message === 'nothing like it';
    expect(await failureOf(probe.expectMessage(long))).toContain("message === 'nothing like it'");
  });

  test('fails with nothing when the probe has nothing', async () => {
    const { probe } = probing();
    expect(await failureOf(probe.expectMessage('hello'))).toBe('Expected "hello", got: nothing');
  });

  test('shows a message that holds itself', async () => {
    const { probe } = probing();
    const loop: Record<string, unknown> = {};
    loop['itself'] = loop;
    send(probe.pid, loop);
    expect(await failureOf(probe.expectMessage(1))).toBe(
      'Expected 1, got:\n  {"itself":"[circular]"}',
    );
  });

  test('has the type of the messages of the probe', async () => {
    const system = createTestSystem();
    const probe = createProbe<'on' | 'off'>(system);
    expectTypeOf(probe.pid).toEqualTypeOf<Pid<'on' | 'off'>>();
    expectTypeOf(probe.messages).toEqualTypeOf<readonly ('on' | 'off')[]>();
    send(probe.pid, 'on');
    const isOn = (message: 'on' | 'off'): message is 'on' => message === 'on';
    expectTypeOf(probe.expectMessage(isOn)).resolves.toEqualTypeOf<'on'>();
    expectTypeOf(createProbe(system).messages).toEqualTypeOf<readonly unknown[]>();
    // @ts-expect-error: its messages have another type
    await probe.expectMessage('dim').catch(() => undefined);
    // @ts-expect-error: its messages have another type
    send(probe.pid, 'dim');
  });
});

const error = new Error('oops');
const ref = {};
const loop = (): object => {
  const made: Record<string, unknown> = { a: 1 };
  made['loop'] = made;
  return made;
};

describe('messages are equal', () => {
  test.each<[string, unknown, unknown]>([
    ['the same value', Number.NaN, Number.NaN],
    ['arrays', [1, ['a']], [1, ['a']]],
    ['plain objects, with their keys in any order', { a: 1, b: { c: [] } }, { b: { c: [] }, a: 1 }],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['errors that say the same', new Error('oops'), new Error('oops')],
    [
      'errors with the same cause',
      new Error('a', { cause: error }),
      new Error('a', { cause: new Error('oops') }),
    ],
    [
      'exit errors with the same reason',
      new ExitError(shutdown),
      new ExitError({ type: 'shutdown' }),
    ],
    ['loops', loop(), loop()],
  ])('%s', async (_, sent, expected) => {
    const { probe } = probing();
    send(probe.pid, sent);
    expect(await probe.expectMessage(expected)).toBe(sent);
  });

  test.each<[string, unknown, unknown]>([
    ['a value and another', 1, '1'],
    ['0 and -0', 0, -0],
    ['arrays of another length', [1], [1, 2]],
    ['an array and an object', [], {}],
    ['null and an object', null, {}],
    ['a key more', { a: 1 }, { a: 1, b: undefined }],
    ['another key', { a: undefined }, { b: undefined }],
    ['errors of another class', new Error('oops'), new TypeError('oops')],
    ['errors that say something else', new Error('oops'), new Error('other')],
    ['errors of another cause', new Error('a', { cause: 1 }), new Error('a')],
    ['an error and an object', new Error('oops'), { message: 'oops' }],
    ['maps, even alike', new Map([[1, 1]]), new Map([[1, 1]])],
    ['instances of a class, even alike', new URL('http://a/'), new URL('http://a/')],
    ['dates, even alike', new Date(0), new Date(0)],
    ['symbols as keys', { [Symbol.iterator]: 1 }, {}],
  ])('not: %s', async (_, sent, expected) => {
    const { probe } = probing();
    send(probe.pid, sent);
    expect(await failureOf(probe.expectMessage(expected))).toMatch(/^Expected /);
    expect(probe.messages).toHaveLength(1);
  });

  test('pids and refs only to themselves, within other values too', async () => {
    const { system, probe } = probing();
    const other = createTestSystem();
    expect(system.pid.id).toBe(other.pid.id);
    const theirs = { pid: other.pid, ref };
    send(probe.pid, theirs);
    expect(await failureOf(probe.expectMessage({ pid: system.pid, ref }))).toMatch(/^Expected /);
    expect(await probe.expectMessage({ pid: other.pid, ref: {} })).toBe(theirs);
  });
});

describe('expectNothing', () => {
  test('fails with the messages that the probe got meanwhile', async () => {
    const { probe } = probing();
    await probe.expectNothing();
    send(probe.pid, 'hello');
    expect(await failureOf(probe.expectNothing())).toBe('Expected nothing, got:\n  "hello"');
  });
});

const bang = crash('bang');

/** A process that exits with the reason it is sent. */
function exiter(parent: Process): Pid<ReturnType<typeof crash>> {
  return spawn(parent, async (self) => {
    exit(self, await self.receive());
  });
}

describe('expectExit', () => {
  test('takes the EXIT of a process that the probe is linked to, with its reason', async () => {
    const { system, probe } = probing({ trapExit: true });
    const pid = exiter(system);
    link(probe.self, pid);
    send(pid, bang);
    const message = await probe.expectExit(pid, crash('bang'));
    expect(message).toStrictEqual({ type: 'EXIT', pid, reason: bang });
    expectTypeOf(message).toEqualTypeOf<ExitMessage>();
    await probe.expectNothing();
  });

  test('takes one with any reason, or with a reason that a function accepts', async () => {
    const { probe } = probing({ trapExit: true });
    const [one, two] = [spawnLink(probe.self, () => {}), spawnLink(probe.self, () => {})];
    expect((await probe.expectExit(one)).reason).toBe(normal);
    await probe.expectExit(two, ({ type }) => type === 'normal');
  });

  test('fails with all that the probe has when it is of another process, or of another reason', async () => {
    const { system, probe } = probing({ trapExit: true });
    const pid = spawnLink(probe.self, () => {});
    expect(await failureOf(probe.expectExit(system.pid))).toBe(
      'Expected {"type":"EXIT","pid":"#Pid<1>"}, got:\n  {"type":"EXIT","pid":"#Pid<3>","reason":{"type":"normal"}}',
    );
    expect(await failureOf(probe.expectExit(pid, shutdown))).toBe(
      [
        'Expected {"type":"EXIT","pid":"#Pid<3>","reason":{"type":"shutdown"}}, got:',
        '  {"type":"EXIT","pid":"#Pid<3>","reason":{"type":"normal"}}',
      ].join('\n'),
    );
    await probe.expectExit(pid, normal);
  });

  test('reports that the exit has ended the probe, which does not trap exits', async () => {
    const { system, probe } = probing();
    const pid = exiter(system);
    link(probe.self, pid);
    send(pid, bang);
    expect(await failureOf(probe.expectExit(pid))).toBe(
      'Expected {"type":"EXIT","pid":"#Pid<3>"}, got: nothing\nThe probe has ended: "bang"',
    );
  });
});

describe('expectDown', () => {
  test('takes the DOWN of a process, or of one monitor', async () => {
    const { system, probe } = probing();
    const pid = exiter(system);
    const [first, second] = [monitor(probe.self, pid), monitor(probe.self, pid)];
    send(pid, bang);
    const message = await probe.expectDown(second, bang);
    expect(message).toStrictEqual({ type: 'DOWN', ref: second, pid, reason: bang });
    expectTypeOf(message).toEqualTypeOf<DownMessage>();
    expect((await probe.expectDown(pid)).ref).toBe(first);
    await probe.expectNothing();
  });

  test('fails with all that the probe has when it is of another monitor, or of another reason', async () => {
    const { system, probe } = probing();
    const pid = spawn(system, () => {});
    await settle(system);
    const down: Ref = monitor(probe.self, pid);
    const other = monitor(probe.self, system.pid);
    expect(await failureOf(probe.expectDown(other))).toBe(
      'Expected {"type":"DOWN","ref":"#Ref<>"}, got:\n  {"type":"DOWN","ref":"#Ref<>","pid":"#Pid<3>","reason":{"type":"noproc"}}',
    );
    expect(await failureOf(probe.expectDown(down, normal))).toMatch(/^Expected .*"normal"/);
    await probe.expectDown(down, noproc);
  });
});

describe('a probe', () => {
  test('is a process of its own, that is not linked to its parent', async () => {
    const { system, probe } = probing();
    exit(system, probe.pid, kill);
    await settle(system);
    expect(isAlive(probe.pid)).toBe(false);
    expect(isAlive(system.pid)).toBe(true);
  });

  test('can be a parent', async () => {
    const { probe } = probing({ trapExit: true });
    const child = spawnLink(probe.self, (self) => {
      exit(self, shutdownWith('done'));
    });
    expect((await probe.expectExit(child, shutdownWith('done'))).pid).toBe(child);
  });

  test('forgets the DOWN message of a monitor that is flushed, though it has seen it', async () => {
    const { system, probe } = probing();
    const pid = spawn(system, () => {});
    const down = monitor(probe.self, pid);
    send(probe.pid, 'kept');
    await settle(system);
    expect(probe.messages).toHaveLength(2);
    demonitor(probe.self, down, { flush: true });
    expect(probe.messages).toStrictEqual(['kept']);
  });

  test('gets no EXIT over a link that was removed', async () => {
    const { system, probe } = probing({ trapExit: true });
    const pid = exiter(system);
    link(probe.self, pid);
    unlink(probe.self, pid);
    send(pid, bang);
    expect(await outcome(probe.expectNothing())).toStrictEqual({ value: undefined });
  });

  test('has no parent that has ended', async () => {
    const system = createTestSystem();
    await system.stop();
    expect(() => createProbe(system)).toThrow(new ExitError(noproc, 'the parent has ended'));
  });
});
