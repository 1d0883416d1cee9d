import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  crash,
  exit,
  isAlive,
  kill,
  name,
  noproc,
  normal,
  type Pid,
  shutdown,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { elapse, outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';

const setup = async () => {
  const system = createTestSystem();
  const agent = await Agent.start(system, () => [1, 2]);
  return { system, agent };
};
const throwError = (): never => {
  throw new Error('no');
};
const stateOf = <State>(agent: Agent.Agent<State>): Promise<State> =>
  Agent.get(agent, (state) => state);

describe('an agent', () => {
  test('get resolves with the result of the function, and keeps the state', async () => {
    const { agent } = await setup();
    expect(await Agent.get(agent, (list) => list.length)).toBe(2);
    expect(await stateOf(agent)).toStrictEqual([1, 2]);
  });

  test('update replaces the state by the result of the function', async () => {
    const { agent } = await setup();
    expect(await Agent.update(agent, (list) => [...list, 3])).toBeUndefined();
    expect(await stateOf(agent)).toStrictEqual([1, 2, 3]);
  });

  test('getAndUpdate resolves with the first of the pair, and the second is the next state', async () => {
    const { agent } = await setup();
    expect(await Agent.getAndUpdate(agent, ([first, ...rest]) => [first, rest])).toBe(1);
    expect(await stateOf(agent)).toStrictEqual([2]);
  });

  test('a cast replaces the state before a later get reads it', async () => {
    const { agent } = await setup();
    expect(Agent.cast(agent, () => [])).toBeUndefined();
    expect(await stateOf(agent)).toStrictEqual([]);
  });

  test('runs one function at a time, also those that answer later', async () => {
    const { system, agent } = await setup();
    const slow = async (list: number[]): Promise<number[]> => {
      await elapse(system, 10);
      return [...list, 3];
    };
    const updated = Agent.update(agent, slow);
    const read = outcome(stateOf(agent));
    await advance(system, 10);
    await updated;
    expect(await read).toStrictEqual({ value: [1, 2, 3] });
    const pair = Agent.getAndUpdate(agent, async (list) => [await list.length, []]);
    expect(await pair).toBe(3);
    Agent.cast(agent, async () => [7]);
    expect(await Agent.get(agent, async ([first]) => first)).toBe(7);
  });

  test('that does not answer in time fails the call, and goes on', async () => {
    const { system, agent } = await setup();
    const slow = (): Promise<number[]> => elapse(system, 20).then(() => [3]);
    const updated = outcome(Agent.update(agent, slow, { timeout: 10 }));
    await advance(system, 10);
    expect(await updated).toBe('timeout');
    const read = outcome(stateOf(agent));
    await advance(system, 10);
    expect(await read).toStrictEqual({ value: [3] });
  });

  type Ask = (agent: Agent.Agent<number[]>) => Promise<unknown>;
  const asks: [string, Ask][] = [
    ['update', (agent) => Agent.update(agent, throwError)],
    ['get', (agent) => Agent.get(agent, throwError)],
    ['getAndUpdate', (agent) => Agent.getAndUpdate(agent, throwError)],
  ];

  test.each(asks)(
    'GC41 ends when the function of %s throws, and the caller has the reason',
    async (_, ask) => {
      const { system, agent } = await setup();
      const bystander = outcome(Agent.get(agent, () => elapse(system, 1000)));
      const called = outcome(ask(agent));
      await advance(system, 1000);
      await bystander;
      expect(await called).toStrictEqual({ exit: crash(new Error('no')) });
      expect(isAlive(agent)).toBe(false);
      expect(await outcome(stateOf(agent))).toStrictEqual({ exit: noproc });
      expect(system.reports.map(({ level }) => level)).toStrictEqual(['error']);
    },
  );

  test('GC41 ends when the function of a cast throws, or a promise is rejected', async () => {
    const { system, agent } = await setup();
    Agent.cast(agent, throwError);
    await settle(system);
    expect(isAlive(agent)).toBe(false);
    const other = await Agent.start(system, () => 1);
    expect(await outcome(Agent.update(other, async () => throwError()))).toStrictEqual({
      exit: crash(new Error('no')),
    });
    expect(isAlive(other)).toBe(false);
  });

  test.each([[undefined], [5], [[1]], [[1, 2, 3]]])(
    'ends when getAndUpdate is given %p instead of a pair',
    async (bad) => {
      const { agent } = await setup();
      const pair = bad as unknown as readonly [number, number[]];
      expect(await outcome(Agent.getAndUpdate(agent, () => pair))).toStrictEqual({
        exit: { type: 'badReturnValue', value: bad },
      });
      expect(isAlive(agent)).toBe(false);
    },
  );

  test('is stopped, by default as normal', async () => {
    const { system, agent } = await setup();
    await Agent.stop(agent);
    expect(isAlive(agent)).toBe(false);
    expect(await outcome(Agent.stop(agent))).toStrictEqual({ exit: noproc });
    expect(system.reports).toStrictEqual([]);
  });
});

describe('start', () => {
  test('fails when the function throws', async () => {
    const system = createTestSystem();
    expect(await outcome(Agent.start(system, throwError))).toStrictEqual({
      exit: crash(new Error('no')),
    });
  });

  test('waits for a state that comes later', async () => {
    const system = createTestSystem();
    const agent = await Agent.start(system, async () => 'later');
    expect(await stateOf(agent)).toBe('later');
  });

  test('with a link the end reaches the parent, without one it does not', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const linked = await Agent.startLink(parent, () => 1);
    const free = await Agent.start(parent, () => 1);
    await Agent.stop(free, shutdown);
    await Agent.stop(linked, shutdown);
    expect(await drain(parent)).toStrictEqual([{ type: 'EXIT', pid: linked, reason: shutdown }]);
  });

  test('takes a name, by which it is found', async () => {
    const system = createTestSystem();
    const count = name<Agent.Agent<number>>('count');
    const agent = await Agent.start(system, () => 1, { name: count });
    await Agent.update(count.in(system), (n) => n + 1);
    expect(await stateOf(agent)).toBe(2);
    expect(await outcome(Agent.start(system, () => 1, { name: count }))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: agent },
    });
  });

  test('under a supervisor begins again with the result of init', async () => {
    const system = createTestSystem();
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [Agent.childSpec(() => 1, { id: 'count' })],
    });
    const count = Supervisor.child(app, 'count') as Agent.Agent<number>;
    await Agent.update(count, (n) => n + 1);
    exit(system, count, kill);
    await settle(system);
    const again = Supervisor.child(app, 'count') as Agent.Agent<number>;
    expect(again).not.toBe(count);
    expect(await stateOf(again)).toBe(1);
    exit(system, app as Pid, normal);
  });
});

describe('types', () => {
  test('an agent knows its state', async () => {
    const system = createTestSystem();
    const agent = await Agent.start(system, () => ({ count: 1 }));
    expectTypeOf(agent).toEqualTypeOf<Agent.Agent<{ count: number }>>();
    expectTypeOf(Agent.get(agent, ({ count }) => count)).resolves.toEqualTypeOf<number>();
    expectTypeOf(
      Agent.getAndUpdate(agent, (state) => [state.count, state]),
    ).resolves.toEqualTypeOf<number>();
    expectTypeOf(Agent.childSpec(() => 1, { id: 'a' }).id).toEqualTypeOf<'a'>();
    const misuse = (_wrong: () => unknown): void => undefined;
    misuse(() => [
      // @ts-expect-error: the result is not the state of the agent
      Agent.update(agent, () => 5),
      // @ts-expect-error: the result is not the state of the agent
      Agent.cast(agent, () => ({})),
      // @ts-expect-error: the result is not a pair
      Agent.getAndUpdate(agent, (state) => state),
      // @ts-expect-error: a pid is not an agent
      Agent.get(system.pid, (state) => state),
    ]);
    expect(await stateOf(agent)).toStrictEqual({ count: 1 });
  });
});
