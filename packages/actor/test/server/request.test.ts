import { describe, expect, test } from '@jest/globals';
import {
  crash,
  exit,
  GenServer,
  isAlive,
  kill,
  killed,
  monitor,
  name,
  noproc,
  noreply,
  ok,
  type Pid,
  type Process,
  reply,
  send,
  spawn,
  stop,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';

/** Answers when the test asks it to, and counts its requests. */
const echo = GenServer.define({
  init: (system: TestSystem) => ok({ system, asked: 0 }),
  handleCall: {
    echo: (text: string, state) => reply(text, { ...state, asked: state.asked + 1 }),
    later: ([text, ms]: readonly [string, number], state, from: GenServer.From<string>) => {
      state.system.clock.setTimeout(() => {
        GenServer.reply(from, text);
      }, ms);
      return noreply({ ...state, asked: state.asked + 1 });
    },
    fail: (error: Error) => {
      throw error;
    },
    asked: (_, state) => reply(state.asked, state),
  },
});
type Echo = GenServer.ServerOf<typeof echo>;

async function setup() {
  const system = createTestSystem();
  const server = await GenServer.start(system, echo, system);
  return { system, server };
}

describe('receiveResponse', () => {
  test('GC36 resolves with the reply, whether it comes before or after', async () => {
    const { system, server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'hello');
    expect(await GenServer.receiveResponse(request)).toStrictEqual({
      type: 'reply',
      value: 'hello',
    });
    const answered = GenServer.sendRequest(server, 'echo', 'early');
    await settle(system);
    expect(await GenServer.receiveResponse(answered, { timeout: 0 })).toStrictEqual({
      type: 'reply',
      value: 'early',
    });
  });

  test('GC36 resolves once: a second wait resolves as noRequest', async () => {
    const { server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'hello');
    await GenServer.receiveResponse(request);
    expect(await GenServer.receiveResponse(request)).toStrictEqual({ type: 'noRequest' });
  });

  test('GC37 resolves with noproc for a server that has ended, and ends no process', async () => {
    const { system, server } = await setup();
    await GenServer.stop(server);
    const asker = await idleProcess(system);
    const request = GenServer.sendRequest(server, 'echo', 'hello', { self: asker });
    const response = await GenServer.receiveResponse(request);
    expect(response).toStrictEqual({ type: 'error', reason: noproc, server });
    expect(isAlive(asker.pid)).toBe(true);
  });

  test('GC37 resolves with noproc for a name that no process has', async () => {
    const { system } = await setup();
    const server = name<Echo>('echo').in(system);
    const response = await GenServer.receiveResponse(
      GenServer.sendRequest(server, 'echo', 'hello'),
    );
    expect(response).toStrictEqual({ type: 'error', reason: noproc, server });
  });

  test('GC37 resolves with the reason of a server that ends before it answers', async () => {
    const { system, server } = await setup();
    const [waiting, failing] = [
      GenServer.sendRequest(server, 'later', ['a', 10]),
      GenServer.sendRequest(server, 'fail', new Error('no')),
    ];
    expect(await GenServer.receiveResponse(waiting)).toStrictEqual({
      type: 'error',
      reason: crash(new Error('no')),
      server,
    });
    expect(await GenServer.receiveResponse(failing)).toMatchObject({ reason: { type: 'crash' } });
    const other = await GenServer.start(system, echo, system);
    const killedOne = GenServer.sendRequest(other, 'later', ['a', 10]);
    await settle(system);
    exit(system, other, kill);
    expect(await GenServer.receiveResponse(killedOne)).toStrictEqual({
      type: 'error',
      reason: killed,
      server: other,
    });
  });

  test('GC37 resolves with mailboxOverflow for a server whose mailbox is full', async () => {
    const { system } = await setup();
    const server = await GenServer.start(system, echo, system, {
      mailbox: { capacity: 1, overflow: 'reject' },
    });
    const [first, second] = [
      GenServer.sendRequest(server, 'echo', 'a'),
      GenServer.sendRequest(server, 'echo', 'b'),
    ];
    expect(await GenServer.receiveResponse(second)).toStrictEqual({
      type: 'error',
      reason: { type: 'mailboxOverflow', capacity: 1 },
      server,
    });
    expect(await GenServer.receiveResponse(first)).toStrictEqual({ type: 'reply', value: 'a' });
  });

  test('GC38 gives the request up after its timeout: a late reply is dropped', async () => {
    const { system, server } = await setup();
    const asker = await idleProcess(system);
    const request = GenServer.sendRequest(server, 'later', ['a', 20], { self: asker });
    const response = outcome(GenServer.receiveResponse(request, { timeout: 10 }));
    await advance(system, 10);
    expect(await response).toStrictEqual({ value: { type: 'timeout' } });
    await advance(system, 100);
    expect(asker.messageQueueLen).toBe(0);
    expect(await GenServer.receiveResponse(request)).toStrictEqual({ type: 'noRequest' });
    expect(await GenServer.call(server, 'asked')).toBe(1);
  });

  test('GC38 with a timeout of 0 waits for nothing', async () => {
    const { server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'a');
    expect(await GenServer.receiveResponse(request, { timeout: 0 })).toStrictEqual({
      type: 'timeout',
    });
    expect(await GenServer.receiveResponse(request)).toStrictEqual({ type: 'noRequest' });
  });

  test('GC38 in time, leaves no timer behind', async () => {
    const { system, server } = await setup();
    const request = GenServer.sendRequest(server, 'later', ['a', 5]);
    const response = outcome(GenServer.receiveResponse(request, { timeout: 10 }));
    await advance(system, 5);
    expect(await response).toStrictEqual({ value: { type: 'reply', value: 'a' } });
    await advance(system, 100);
    expect(await GenServer.waitResponse(request)).toStrictEqual({ type: 'noRequest' });
  });

  test.each([-1, 0.5, Number.NaN, '10'])('refuses %p as a timeout', async (timeout) => {
    const { server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'a');
    const options = { timeout: timeout as number };
    await expect(GenServer.receiveResponse(request, options)).rejects.toThrow(RangeError);
    expect(await GenServer.receiveResponse(request)).toStrictEqual({ type: 'reply', value: 'a' });
  });

  test('refuses anything but a request, and a request that is waited for already', async () => {
    const { server } = await setup();
    const wrong: unknown = 5;
    await expect(GenServer.receiveResponse(wrong as GenServer.RequestId)).rejects.toThrow(
      new TypeError('Expected a request made by sendRequest, got 5'),
    );
    const request = GenServer.sendRequest(server, 'echo', 'a');
    const first = GenServer.receiveResponse(request);
    await expect(GenServer.receiveResponse(request)).rejects.toThrow(
      new Error('Expected a request that is not waited for, got one that is'),
    );
    expect(await first).toStrictEqual({ type: 'reply', value: 'a' });
  });
});

describe('waitResponse', () => {
  test('GC39 keeps the request after its timeout: the reply can be waited for again', async () => {
    const { system, server } = await setup();
    const request = GenServer.sendRequest(server, 'later', ['a', 20]);
    const first = outcome(GenServer.waitResponse(request, { timeout: 10 }));
    await advance(system, 10);
    expect(await first).toStrictEqual({ value: { type: 'timeout' } });
    const second = outcome(GenServer.waitResponse(request, { timeout: 100 }));
    await advance(system, 10);
    expect(await second).toStrictEqual({ value: { type: 'reply', value: 'a' } });
    expect(await GenServer.waitResponse(request)).toStrictEqual({ type: 'noRequest' });
  });

  test('GC39 finds a reply that came between two waits', async () => {
    const { system, server } = await setup();
    const request = GenServer.sendRequest(server, 'later', ['a', 20]);
    expect(await GenServer.waitResponse(request, { timeout: 0 })).toStrictEqual({
      type: 'timeout',
    });
    await advance(system, 50);
    expect(await GenServer.waitResponse(request, { timeout: 0 })).toStrictEqual({
      type: 'reply',
      value: 'a',
    });
  });

  test('GC39 takes the message of a reply that came between two waits', async () => {
    const { system, server } = await setup();
    const asker = await idleProcess(system);
    const request = GenServer.sendRequest(server, 'later', ['a', 20], { self: asker });
    expect(await GenServer.waitResponse(request, { timeout: 0 })).toStrictEqual({
      type: 'timeout',
    });
    await advance(system, 20);
    expect(asker.messageQueueLen).toBe(1);
    expect(await GenServer.waitResponse(request)).toStrictEqual({ type: 'reply', value: 'a' });
    expect(asker.messageQueueLen).toBe(0);
  });
});

describe('several requests', () => {
  const collect = (server: Echo) =>
    new Map([
      [GenServer.sendRequest(server, 'later', ['slow', 30]), 'first'],
      [GenServer.sendRequest(server, 'later', ['fast', 10]), 'second'],
      [GenServer.sendRequest(server, 'later', ['middle', 20]), 'third'],
    ]);

  test('GC40 resolve in the order they were answered, with their labels, each once', async () => {
    const { system, server } = await setup();
    const requests = collect(server);
    const log: unknown[] = [];
    const all = (async () => {
      for (let count = 0; count < 4; count++) {
        const response = await GenServer.receiveResponse(requests, { timeout: 1000 });
        log.push([
          system.clock.now(),
          response.type === 'reply' ? [response.label, response.value] : response.type,
          requests.size,
        ]);
      }
    })();
    await advance(system, 40);
    await all;
    expect(log).toStrictEqual([
      [10, ['second', 'fast'], 2],
      [20, ['third', 'middle'], 1],
      [30, ['first', 'slow'], 0],
      [30, 'noRequest', 0],
    ]);
  });

  test('GC40 resolve in that order even if all were answered before the first wait', async () => {
    const { system, server } = await setup();
    const requests = collect(server);
    await advance(system, 40);
    const labels: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const response = await GenServer.waitResponse(requests, { timeout: 0 });
      labels.push(response.type === 'reply' && response.label);
    }
    expect(labels).toStrictEqual(['second', 'third', 'first']);
  });

  test('GC40 are not given up by the timeout of a wait that has ended', async () => {
    const { system, server } = await setup();
    const requests = collect(server);
    const first = outcome(GenServer.receiveResponse(requests, { timeout: 15 }));
    await advance(system, 10);
    expect(await first).toMatchObject({ value: { value: 'fast' } });
    const second = outcome(GenServer.receiveResponse(requests));
    await advance(system, 10);
    expect(await second).toMatchObject({ value: { value: 'middle' } });
  });

  test('GC40 an error is a response with its label like any other', async () => {
    const { system, server } = await setup();
    const ended = await GenServer.start(system, echo, system);
    await GenServer.stop(ended);
    const failing = GenServer.sendRequest(ended, 'echo', 'a');
    const requests = new Map([
      [GenServer.sendRequest(server, 'later', ['a', 10]), 1],
      [failing, 2],
    ]);
    const response = await GenServer.receiveResponse(requests);
    expect(response).toStrictEqual({
      type: 'error',
      reason: noproc,
      server: ended,
      request: failing,
      label: 2,
    });
    expect(requests.size).toBe(1);
  });

  test('GC40 are given up together after a timeout, except those answered meanwhile', async () => {
    const { system, server } = await setup();
    const requests = collect(server);
    const response = outcome(GenServer.receiveResponse(requests, { timeout: 5 }));
    const late = GenServer.sendRequest(server, 'echo', 'late');
    requests.set(late, 'late');
    await advance(system, 5);
    expect(await response).toStrictEqual({ value: { type: 'timeout' } });
    expect([...requests.values()]).toStrictEqual(['late']);
    await advance(system, 100);
    expect(await GenServer.receiveResponse(requests)).toStrictEqual({
      type: 'reply',
      value: 'late',
      request: late,
      label: 'late',
    });
  });

  test('GC40 are kept together after the timeout of waitResponse', async () => {
    const { system, server } = await setup();
    const requests = collect(server);
    const response = outcome(GenServer.waitResponse(requests, { timeout: 5 }));
    await advance(system, 5);
    expect(await response).toStrictEqual({ value: { type: 'timeout' } });
    expect(requests.size).toBe(3);
    await advance(system, 100);
    expect(await GenServer.waitResponse(requests)).toMatchObject({ value: 'fast' });
  });

  test('GC40 of an empty map resolve as noRequest', async () => {
    const none = new Map<GenServer.RequestId<string>, string>();
    expect(await GenServer.receiveResponse(none)).toStrictEqual({ type: 'noRequest' });
    expect(GenServer.checkResponse('message', none)).toStrictEqual({ type: 'noRequest' });
  });
});

describe('checkResponse', () => {
  test('reads the response that a message announces, once, and ignores other messages', async () => {
    const { system, server } = await setup();
    const asker = await idleProcess(system);
    const request = GenServer.sendRequest(server, 'echo', 'a', { self: asker });
    const other = GenServer.sendRequest(server, 'echo', 'b', { self: asker });
    await settle(system);
    const [message] = await drain(asker);
    expect(message).toStrictEqual({ type: 'response', request });
    for (const unrelated of ['hello', undefined, null, { type: 'response', request }]) {
      expect(GenServer.checkResponse(unrelated, request)).toStrictEqual({ type: 'noReply' });
    }
    expect(GenServer.checkResponse(message, other)).toStrictEqual({ type: 'noReply' });
    expect(GenServer.checkResponse(message, request)).toStrictEqual({ type: 'reply', value: 'a' });
    expect(GenServer.checkResponse(message, request)).toStrictEqual({ type: 'noRequest' });
  });

  test('gets no message for a request without the option self', async () => {
    const { system, server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'a');
    await settle(system);
    expect(GenServer.checkResponse(undefined, request)).toStrictEqual({ type: 'noReply' });
    expect(await GenServer.receiveResponse(request)).toStrictEqual({ type: 'reply', value: 'a' });
  });

  test('finds which of several requests it is', async () => {
    const { system, server } = await setup();
    const asker = await idleProcess(system);
    const a = GenServer.sendRequest(server, 'later', ['a', 20], { self: asker });
    const b = GenServer.sendRequest(server, 'later', ['b', 10], { self: asker });
    const requests = new Map([
      [a, 1],
      [b, 2],
    ]);
    await advance(system, 20);
    const [first, second] = await drain(asker);
    expect(GenServer.checkResponse(first, requests)).toStrictEqual({
      type: 'reply',
      value: 'b',
      request: b,
      label: 2,
    });
    expect(requests.size).toBe(1);
    expect(GenServer.checkResponse(first, requests)).toStrictEqual({ type: 'noReply' });
    expect(GenServer.checkResponse(second, requests)).toMatchObject({ value: 'a', label: 1 });
    expect(GenServer.checkResponse(second, requests)).toStrictEqual({ type: 'noRequest' });
  });

  test('gets a message for a server that ended, too', async () => {
    const { system, server } = await setup();
    const asker = await idleProcess(system);
    const request = GenServer.sendRequest(server, 'later', ['a', 20], { self: asker });
    await settle(system);
    exit(system, server, kill);
    await settle(system);
    const [message] = await drain(asker);
    expect(GenServer.checkResponse(message, request)).toStrictEqual({
      type: 'error',
      reason: killed,
      server,
    });
  });

  test('lets a server ask another one, and go on meanwhile', async () => {
    const { system, server } = await setup();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const front = GenServer.define({
      init: () => ok<GenServer.RequestId<string> | undefined>(undefined),
      handleInfo: (message: 'go' | GenServer.ResponseMessage, pending, self) => {
        if (message === 'go') {
          return noreply(GenServer.sendRequest(server, 'echo', 'hello', { self }));
        }
        resolve(pending && GenServer.checkResponse(message, pending));
        return noreply(pending);
      },
    });
    const asking = await GenServer.start(system, front, undefined);
    send(asking, 'go');
    expect(await promise).toStrictEqual({ type: 'reply', value: 'hello' });
  });

  test('comes in no message to a process that waits for it', async () => {
    const { system, server } = await setup();
    const seen: unknown[] = [];
    spawn<unknown>(system, async (self) => {
      const request = GenServer.sendRequest(server, 'echo', 'a', { self });
      seen.push(await GenServer.receiveResponse(request), self.messageQueueLen);
    });
    await settle(system);
    expect(seen).toStrictEqual([{ type: 'reply', value: 'a' }, 0]);
  });
});

describe('the place of a response among the messages of its server', () => {
  type From = GenServer.From<string>;
  /** Its request carries the code of the callback. */
  const scripted = GenServer.define({
    init: () => ok(0),
    handleCall: {
      run: (
        answer: (from: From, self: Process) => GenServer.MaybePromise<never>,
        _,
        from: From,
        self,
      ) => answer(from, self),
    },
    handleContinue: (next: () => void, state) => {
      next();
      return noreply(state);
    },
  });
  type Tell = (text: string) => void;
  type Answer = (tell: Tell, from: From, self: Process) => unknown;
  const ways: readonly (readonly [string, Answer, readonly string[]])[] = [
    [
      'an answer',
      (tell) => {
        tell('before');
        return reply('R', 0, { continue: () => tell('after') });
      },
      ['before', 'response', 'after'],
    ],
    [
      'an answer after an await',
      async (tell) => {
        tell('before');
        return reply('R', 0, { continue: () => tell('after') });
      },
      ['before', 'response', 'after'],
    ],
    [
      'an answer that is thrown',
      (tell) => {
        throw reply('R', 0, { continue: () => tell('after') }) as unknown;
      },
      ['response', 'after'],
    ],
    [
      'GenServer.reply',
      (tell, from) => {
        tell('before');
        GenServer.reply(from, 'R');
        tell('after');
        return noreply(0);
      },
      ['before', 'response', 'after'],
    ],
    [
      'GenServer.reply of another process',
      (tell, from, self) => {
        spawn(self, () => {
          tell('before');
          GenServer.reply(from, 'R');
          tell('after');
        });
        return noreply(0);
      },
      ['before', 'response', 'after'],
    ],
    ['a stop with a reply', () => stop(crash('end'), 'R', 0), ['response', 'DOWN']],
    [
      'GenServer.reply before a crash',
      (_, from) => {
        GenServer.reply(from, 'R');
        throw new Error('no');
      },
      ['response', 'DOWN'],
    ],
    ['a crash', () => Promise.reject(new Error('no')), ['response', 'DOWN']],
    [
      'a kill',
      (_tell, _from, self) => {
        exit(self, self.pid, kill);
        return noreply(0);
      },
      ['response', 'DOWN'],
    ],
  ];
  const ask = async (answer: Answer) => {
    const system = createTestSystem();
    const asker = await idleProcess(system);
    const server = await GenServer.start(system, scripted, undefined);
    const tell: Tell = (text) => {
      send(asker.pid, text);
    };
    const run = (from: From, self: Process): never => answer(tell, from, self) as never;
    return { system, asker, server, run };
  };

  test.each(ways)('GC36 is where the server put it, by %s', async (_how, answer, expected) => {
    const { system, asker, server, run } = await ask(answer);
    const request = GenServer.sendRequest(server, 'run', run, { self: asker });
    monitor(asker, server);
    await settle(system);
    const messages = await drain(asker);
    const kinds = messages.map((each) =>
      typeof each === 'string' ? each : (each as { readonly type: string }).type,
    );
    expect(kinds).toStrictEqual(expected);
    const response = messages[expected.indexOf('response')];
    expect(response).toStrictEqual({ type: 'response', request });
  });

  test.each(ways)(
    'GC36 has come by the time that a later message is seen, by %s',
    async (_how, answer, expected) => {
      const { system, server } = await ask(answer);
      const later = expected.at(-1);
      let seen: unknown;
      spawn<string | { readonly type: string }>(system, async (self) => {
        const tell: Tell = (text) => {
          send(self.pid, text);
        };
        const request = GenServer.sendRequest(
          server,
          'run',
          (from: From, process: Process) => answer(tell, from, process) as never,
        );
        monitor(self, server);
        await self.receive(
          (message) => (typeof message === 'string' ? message : message.type) === later,
        );
        seen = await GenServer.receiveResponse(request, { timeout: 0 });
      });
      await settle(system);
      expect((seen as { readonly type: string }).type).toMatch(/^(reply|error)$/);
    },
  );
});

describe('types', () => {
  test('a request knows its reply', async () => {
    const { server } = await setup();
    const request = GenServer.sendRequest(server, 'echo', 'a');
    expectTypeOf(request).toEqualTypeOf<GenServer.RequestId<string>>();
    const response = await GenServer.receiveResponse(request);
    if (response.type === 'reply') {
      expectTypeOf(response.value).toEqualTypeOf<string>();
    }
    const several = await GenServer.waitResponse(new Map([[request, 1 as number]]));
    if (several.type === 'reply') {
      expectTypeOf(several.label).toEqualTypeOf<number>();
      expectTypeOf(several.value).toEqualTypeOf<string>();
    }
    const misuse = (_wrong: (pid: Pid) => unknown): void => undefined;
    misuse(() => [
      // @ts-expect-error: no such request
      GenServer.sendRequest(server, 'shout', 'a'),
      // @ts-expect-error: a text is wanted
      GenServer.sendRequest(server, 'echo', 1),
      // @ts-expect-error: a text is wanted
      GenServer.sendRequest(server, 'echo'),
      // @ts-expect-error: a call is no request
      GenServer.receiveResponse(GenServer.call(server, 'echo', 'a')),
    ]);
    expect(response).toStrictEqual({ type: 'reply', value: 'a' });
  });
});
