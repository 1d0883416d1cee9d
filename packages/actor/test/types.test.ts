// Types are tested by the compiler: this file must compile, and each line under @ts-expect-error
// must be an error.
import { describe, expect, test } from '@jest/globals';
import {
  type ChildSpec,
  type ExitReason,
  GenServer,
  type Ignore,
  ignore,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  type Receiver,
  reply,
  send,
  spawn,
  stop,
  Supervisor,
  type System,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

const stack = GenServer.define({
  init: (items: string[]) => ok(items),
  handleCall: {
    pop: (_, [top, ...rest]) => reply(top, rest),
    take: (count: number, items) => reply(items.slice(0, count), items.slice(count)),
    skip: (count: number | undefined, items) => reply(true, items.slice(count ?? 1)),
  },
  handleCast: {
    push: (item: string, items) => noreply([item, ...items]),
    clear: (_) => noreply([]),
  },
});
type Stack = GenServer.ServerOf<typeof stack>;

const counter = GenServer.define({
  init: () => ok(0),
  handleCast: { add: (by: number, count) => noreply(count + by) },
  handleInfo: (_: 'reset') => noreply(0),
});
type Counter = GenServer.ServerOf<typeof counter>;

/**
 * A system for the tests. Code for the compiler alone is passed to `misuse`, and never runs.
 */
const system = createTestSystem();
const misuse = (_wrong: () => unknown): void => undefined;

/** Whether two types are the same as the type of a callback's answer. */
interface Count {
  readonly count: number;
}

describe('define', () => {
  test('infers the state of every callback from init', async () => {
    const behaviour = GenServer.define({
      init: (count: number): ReturnType<typeof ok<Count>> => ok({ count }),
      handleCall: {
        get: (_, state, from, self) => {
          expectTypeOf(state).toEqualTypeOf<Count>();
          expectTypeOf(self).toExtend<Process>();
          expectTypeOf(from).toExtend<GenServer.From<never>>();
          return reply(state.count, state);
        },
      },
      handleCast: {
        add: (by: number, state, self) => {
          expectTypeOf(state).toEqualTypeOf<Count>();
          expectTypeOf(self).toExtend<Process>();
          return noreply({ count: state.count + by });
        },
      },
      handleInfo: (message: 'double', state, self) => {
        expectTypeOf(state).toEqualTypeOf<Count>();
        // A server may send itself the messages that it handles.
        expectTypeOf(self).toEqualTypeOf<Process<'double'>>();
        expectTypeOf(message).toEqualTypeOf<'double'>();
        return noreply({ count: state.count * 2 });
      },
      handleContinue: (_: 'load', state) => {
        expectTypeOf(state).toEqualTypeOf<Count>();
        return noreply(state);
      },
      terminate: (reason, state) => {
        expectTypeOf(reason).toEqualTypeOf<ExitReason>();
        expectTypeOf(state).toEqualTypeOf<Count>();
      },
    });
    const server = await GenServer.start(system, behaviour, 20);
    GenServer.cast(server, 'add', 1);
    send(server, 'double');
    const count = await GenServer.call(server, 'get');
    expectTypeOf(count).toEqualTypeOf<number>();
    expect(count).toBe(42);
  });

  test('infers the state from an async init, whose self needs no annotation', async () => {
    const behaviour = GenServer.define({
      init: async (name: string, self) => {
        expectTypeOf(self).toEqualTypeOf<Process>();
        const { pid } = self;
        await undefined;
        return ok({ name, pid });
      },
      handleCall: {
        name: (_, state) => {
          expectTypeOf(state).toEqualTypeOf<{ name: string; pid: Pid }>();
          return reply(state.name, state);
        },
      },
    });
    const server = await GenServer.start(system, behaviour, 'joe');
    expectTypeOf(server).toEqualTypeOf<GenServer.ServerOf<typeof behaviour>>();
    expect(await GenServer.call(server, 'name')).toBe('joe');
  });

  test('keeps a literal that a callback sets, sync or async', async () => {
    type Phase = { readonly phase: 'idle' | 'busy' };
    const behaviour = GenServer.define({
      init: () => ok<Phase>({ phase: 'idle' }),
      handleCast: {
        start: (_, _state) => noreply({ phase: 'busy' }),
        startLater: async (_, _state) => noreply({ phase: 'busy' }),
        // No parameter has a type from which the state could be inferred: it is named.
        rest: () => noreply<Phase>({ phase: 'idle' }),
      },
      handleCall: { phase: (_, state) => reply(state.phase, state) },
    });
    misuse(() =>
      GenServer.define({
        init: () => ok<Phase>({ phase: 'idle' }),
        // @ts-expect-error: there is no such phase
        handleCast: { bore: (_, _state) => noreply({ phase: 'bored' }) },
      }),
    );
    const server = await GenServer.start(system, behaviour, undefined);
    GenServer.cast(server, 'start');
    const phase = await GenServer.call(server, 'phase');
    expectTypeOf(phase).toEqualTypeOf<'idle' | 'busy'>();
    expect(phase).toBe('busy');
  });

  test('refuses an answer with another state, and a value that is no answer', () => {
    // One mistake each: with two, the expected error could come from the other.
    misuse(() => [
      GenServer.define({
        // @ts-expect-error: init answers ok, stop or ignore
        init: () => noreply(0),
      }),
      GenServer.define({
        init: () => ok(0),
        // @ts-expect-error: the next state is no number
        handleCall: { text: (_, _state) => reply(1, 'one') },
      }),
      GenServer.define({
        init: () => ok(0),
        // @ts-expect-error: a call is answered by reply, noreply or stop, not by the state
        handleCall: { bare: (_, state) => state },
      }),
      GenServer.define({
        init: () => ok(0),
        // @ts-expect-error: a cast is answered by noreply or stop, not by the state
        handleCast: { bare: (_, state) => state },
      }),
      GenServer.define({
        init: () => ok(0),
        // @ts-expect-error: a cast has no caller to reply to
        handleCast: { replies: (_, state) => reply(1, state) },
      }),
      GenServer.define({
        init: () => ok(0),
        // @ts-expect-error: nothing is returned
        handleInfo: (_: 'tick', _state) => {},
      }),
    ]);
    expect(misuse).not.toThrow();
  });

  test('takes the argument that init takes, and no other', async () => {
    const server = await GenServer.start(system, stack, ['a']);
    expectTypeOf(server).toEqualTypeOf<Stack>();
    expectTypeOf(await GenServer.startLink(system, counter, undefined)).toEqualTypeOf<Counter>();
    misuse(() => [
      // @ts-expect-error: strings, not numbers
      GenServer.start(system, stack, [1]),
      // @ts-expect-error: an argument is wanted
      GenServer.start(system, stack),
    ]);
    expect(await GenServer.call(server, 'pop')).toBe('a');
  });

  test('with ignore as an answer of init, a start resolves with undefined too', async () => {
    const behaviour = GenServer.define({
      init: (isWanted: boolean) => (isWanted ? ok(0) : ignore),
      handleCast: { add: (by: number, count) => noreply(count + by) },
    });
    type Wanted = GenServer.ServerOf<typeof behaviour>;
    const server = await GenServer.start(system, behaviour, false);
    expectTypeOf(server).toEqualTypeOf<Wanted | undefined>();
    expectTypeOf(GenServer.startLink(system, behaviour, true)).resolves.toEqualTypeOf<
      Wanted | undefined
    >();
    misuse(() => {
      // @ts-expect-error: it may not be running
      GenServer.cast(server, 'add', 1);
    });
    expect(server).toBeUndefined();
  });

  test('ignore in an async init is seen too', async () => {
    const behaviour = GenServer.define({
      init: async (isWanted: boolean) => {
        await undefined;
        return isWanted ? ok(0) : ignore;
      },
    });
    const server = await GenServer.start(system, behaviour, false);
    expectTypeOf(server).toEqualTypeOf<GenServer.ServerOf<typeof behaviour> | undefined>();
    expect(server).toBeUndefined();
  });

  test('stop in init does not change the state that ok has', async () => {
    const behaviour = GenServer.define({
      init: (isWell: boolean) => (isWell ? ok({ count: 1 }) : stop(normal)),
      handleCall: {
        get: (_, state) => {
          expectTypeOf(state).toEqualTypeOf<{ count: number }>();
          return reply(state.count, state);
        },
      },
    });
    const server = await GenServer.start(system, behaviour, true);
    expectTypeOf(server).toEqualTypeOf<GenServer.ServerOf<typeof behaviour>>();
    expect(await GenServer.call(server, 'get')).toBe(1);
  });
});

describe('call and cast', () => {
  test('know the requests, their payloads and their replies', async () => {
    const server = await GenServer.start(system, stack, ['a', 'b', 'c', 'd']);
    const top = await GenServer.call(server, 'pop');
    expectTypeOf(top).toEqualTypeOf<string | undefined>();
    const two = await GenServer.call(server, 'take', 2, { timeout: 100 });
    expectTypeOf(two).toEqualTypeOf<string[]>();
    expectTypeOf(GenServer.call(server, 'skip')).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(GenServer.call(server, 'skip', 2)).resolves.toEqualTypeOf<boolean>();
    expect([top, two]).toStrictEqual(['a', ['b', 'c']]);
  });

  test('refuse a request without a clause, and a payload of another type', async () => {
    const server = await GenServer.start(system, stack, []);
    misuse(() => [
      // @ts-expect-error: there is no such call
      GenServer.call(server, 'push', 'a'),
      // @ts-expect-error: pop takes nothing
      GenServer.call(server, 'pop', 1),
      // @ts-expect-error: take wants a number
      GenServer.call(server, 'take'),
      // @ts-expect-error: take wants a number
      GenServer.call(server, 'take', 'two'),
      // @ts-expect-error: there is no such cast
      GenServer.cast(server, 'pop'),
      // @ts-expect-error: push wants a string
      GenServer.cast(server, 'push', 1),
      // @ts-expect-error: push wants a string
      GenServer.cast(server, 'push'),
      // @ts-expect-error: clear takes nothing
      GenServer.cast(server, 'clear', 'all'),
    ]);
    GenServer.cast(server, 'push', 'a');
    GenServer.cast(server, 'clear');
    expect(await GenServer.call(server, 'pop')).toBeUndefined();
  });

  // First trap: with a default for the clauses, every parameter would be `any`, and every request
  // would compile.
  test('refuse every request of a server without clauses', async () => {
    const bare = GenServer.define({ init: () => ok(0) });
    const server = await GenServer.start(system, bare, undefined);
    expectTypeOf<keyof typeof bare.handleCall>().toEqualTypeOf<never>();
    misuse(() => [
      // @ts-expect-error: it has no casts
      GenServer.cast(server, 'anything'),
      // @ts-expect-error: it has no calls
      GenServer.call(server, 'anything'),
      // @ts-expect-error: it has no handleInfo
      send(server, 'anything'),
    ]);
    const onlyCasts = await GenServer.start(system, counter, undefined);
    misuse(() => [
      // @ts-expect-error: it has casts, and no calls
      GenServer.call(onlyCasts, 'anything'),
    ]);
    expect(server.id).toBeLessThan(onlyCasts.id);
  });

  // Second trap: matched with `any[]`, a clause with a payload of type `never` would have no reply.
  test('read the reply of a clause that leaves its payload unannotated', () => {
    type Pop = (payload: never, state: string[]) => ReturnType<typeof reply<number, string[]>>;
    const popped = (
      server: GenServer.ServerOf<
        GenServer.Behaviour<undefined, string[], { pop: Pop }, unknown, never, never>
      >,
    ) => GenServer.call(server, 'pop');
    expectTypeOf(popped).returns.resolves.toEqualTypeOf<number>();
    expect(popped).toHaveLength(1);
  });

  test('read the reply from the from of a clause that answers later', async () => {
    const behaviour = GenServer.define({
      init: () => ok<GenServer.From<number>[]>([]),
      handleCall: {
        later: (_, waiting, from: GenServer.From<number>) => noreply([...waiting, from]),
        atOnceOrLater: (isNow: boolean, waiting, from: GenServer.From<number>) =>
          isNow ? reply('now', waiting) : noreply([...waiting, from]),
        atOnce: async (_, waiting) => {
          await undefined;
          return reply(true, waiting);
        },
        last: (_, waiting) => stop(normal, 'bye', waiting),
        never: (_, waiting) => noreply(waiting),
      },
      handleCast: {
        answer: (value: number, waiting) => {
          for (const from of waiting) {
            GenServer.reply(from, value);
            misuse(() => {
              // @ts-expect-error: the caller expects a number
              GenServer.reply(from, 'seven');
            });
          }
          return noreply([]);
        },
      },
    });
    const server = await GenServer.start(system, behaviour, undefined);
    const later = GenServer.call(server, 'later');
    const either = GenServer.call(server, 'atOnceOrLater', true);
    const last = () => GenServer.call(server, 'last');
    const never = () => GenServer.call(server, 'never');
    expectTypeOf(later).resolves.toEqualTypeOf<number>();
    expectTypeOf(either).resolves.toEqualTypeOf<number | string>();
    expectTypeOf(GenServer.call(server, 'atOnce')).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(last).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(never).returns.resolves.toEqualTypeOf<never>();
    GenServer.cast(server, 'answer', 7);
    expect(await Promise.all([later, either])).toStrictEqual([7, 'now']);
  });
});

describe('a pid', () => {
  const texts = spawn<string>(system, async () => {});
  const either = spawn<string | number>(system, async () => {});

  test('of any process is a Pid', async () => {
    const server = await GenServer.start(system, stack, []);
    const pids: Pid[] = [texts, either, server, system.pid];
    expectTypeOf(texts).toEqualTypeOf<Pid<string>>();
    expectTypeOf<Stack>().toExtend<Pid>();
    expectTypeOf<Supervisor.Pid>().toExtend<Pid>();
    expectTypeOf<System>().toExtend<Process>();
    expectTypeOf<Receiver<string>>().toExtend<Process>();
    expect(new Set(pids.map(({ id }) => id)).size).toBe(4);
  });

  test('takes messages of its type, and is no pid of a wider one', async () => {
    const narrower: Pid<string> = either;
    misuse(() => {
      send(texts, 'text');
      send(narrower, 'text');
      // @ts-expect-error: it takes strings
      send(texts, 1);
      // @ts-expect-error: a Pid in general can be sent nothing
      send(texts as Pid, 'text');
      // @ts-expect-error: a receiver of strings does not take numbers
      const wider: Pid<string | number> = texts;
      return wider;
    });
    expect(narrower).toBe(either);
  });

  test('of a server takes the messages of its handleInfo', async () => {
    const server = await GenServer.start(system, counter, undefined);
    expectTypeOf(server).toExtend<Pid<'reset'>>();
    send(server, 'reset');
    misuse(() => {
      // @ts-expect-error: it handles no such message
      send(server, 'stop');
    });
    await settle(system);
    expect(system.reports).toStrictEqual([]);
  });

  // Third trap: with optional brands, look-alikes would pass.
  test('is nothing that merely looks like one', () => {
    expectTypeOf<{ id: number }>().not.toExtend<Pid>();
    expectTypeOf<{ id: number; toString(): string }>().not.toExtend<Pid>();
    expectTypeOf<Pid>().not.toExtend<Stack>();
    expectTypeOf<Pid<'reset'>>().not.toExtend<Counter>();
    expectTypeOf<Counter>().not.toExtend<Stack>();
    expectTypeOf<{ pid: Pid }>().not.toExtend<Process>();
    misuse(() => {
      // @ts-expect-error: a number and no more
      const pid: Pid = { id: 1 };
      // @ts-expect-error: a plain pid is no server
      void GenServer.call(texts, 'pop');
      // @ts-expect-error: nor does it take casts
      GenServer.cast(texts, 'push', 'a');
      return pid;
    });
    expect(() => {
      send({ id: 1 } as never, 'hi' as never);
    }).toThrow(TypeError);
  });
});

describe('a child of a supervisor', () => {
  const startTree = () =>
    Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [
        GenServer.childSpec(stack, ['joe'], { id: 'stack' }),
        GenServer.childSpec(counter, undefined, { id: 'counter', restart: 'transient' }),
      ],
    });

  test('is typed by its id', async () => {
    const tree = await startTree();
    const child = Supervisor.child(tree, 'stack');
    expectTypeOf(child).toEqualTypeOf<Stack>();
    expectTypeOf(Supervisor.child(tree, 'counter')).toEqualTypeOf<Counter>();
    expect(await GenServer.call(child, 'pop')).toBe('joe');
  });

  test('with an id that the supervisor does not have is an error', async () => {
    const tree = await startTree();
    misuse(() => [
      // @ts-expect-error: it has no such child
      Supervisor.child(tree, 'queue'),
      // @ts-expect-error: the counter has no calls
      GenServer.call(Supervisor.child(tree, 'counter'), 'pop'),
    ]);
    expect(() => Supervisor.child(tree, 'queue' as never)).toThrow('no such process');
  });

  test('may be ignored at its start, as its spec declares', () => {
    const spec = GenServer.childSpec(stack, [], { id: 'stack' });
    expectTypeOf(spec).toEqualTypeOf<ChildSpec<'stack', Stack>>();
    expectTypeOf(spec.start).returns.resolves.toEqualTypeOf<Stack | undefined>();
    expectTypeOf(spec).toExtend<ChildSpec>();
    misuse(() => [
      // @ts-expect-error: the argument of init
      GenServer.childSpec(stack, [1], { id: 'stack' }),
      // @ts-expect-error: a child has an id
      GenServer.childSpec(stack, [], {}),
      // @ts-expect-error: no such restart
      GenServer.childSpec(stack, [], { id: 'stack', restart: 'always' }),
      // @ts-expect-error: no such strategy
      Supervisor.startLink(system, { strategy: 'allForNone', children: [] }),
    ]);
    expect(spec.id).toBe('stack');
  });
});

test('ignore is its own kind of answer', () => {
  expectTypeOf(ignore).toEqualTypeOf<Ignore>();
  expect(ignore.type).toBe('ignore');
});

test('stop without a state is an answer of init alone', () => {
  GenServer.define({ init: (_: number) => stop(normal) });
  misuse(() =>
    GenServer.define({
      init: () => ok(0),
      // @ts-expect-error -- terminate would be given no state
      handleInfo: (_: 'stop', _count) => stop(normal),
    }),
  );
  expectTypeOf(stop(normal)).not.toHaveProperty('state');
});
