import { childKeys, type ChildOptions, type ChildSpec, specOf } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, partOf } from '../known-keys.ts';
import { isThenable, type MaybePromise } from '../maybe-promise.ts';
import type { Destination } from '../process/address.ts';
import { badReturnValue, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { startKeys } from './create-server.ts';
import * as GenServer from './gen-server.ts';
import { noreply, ok, type Reply, reply, type Stop, stop as stopAnswer } from './next.ts';

declare const held: unique symbol;

/** The pid of an agent, whose type also says which state it holds. */
export interface Agent<in out State> extends Pid {
  readonly [held]: (state: State) => State;
}

/**
 * Starts a process that holds a state, at first the result of `init`. Functions that are sent to it
 * run in it, one at a time. When one returns a promise, the next runs after it has settled. A
 * function that throws ends the agent.
 * @throws as `GenServer.start` does
 * @see Elixir manual, `Agent.start/2`
 * @example
 * ```ts
 * import { Agent, createSystem } from '@reprise/actor';
 *
 * const system = createSystem();
 * const count = await Agent.start(system, () => 1);
 * await Agent.update(count, (n) => n + 1);
 * console.log(await Agent.get(count, (n) => n)); // 2
 * await Agent.stop(count);
 * await system.stop();
 * ```
 */
export function start<State>(
  parent: Process,
  init: () => MaybePromise<State>,
  options: GenServer.StartOptions = {},
): Promise<Agent<State>> {
  assertKnownKeys('Agent.start', options, startKeys);
  return startAgent(GenServer.start, parent, init, options);
}

/**
 * `start`, linked to `parent`.
 * @throws as `GenServer.startLink` does
 * @see Elixir manual, `Agent.start_link/2`
 * @example
 * ```ts
 * import { Agent, createSystem, name } from '@reprise/actor';
 *
 * const hits = name<Agent.Agent<Map<string, number>>>('hits');
 *
 * const system = createSystem();
 * await Agent.startLink(system, () => new Map<string, number>(), { name: hits });
 * await Agent.update(hits.in(system), (map) => map.set('/', 1));
 * console.log(await Agent.get(hits.in(system), (map) => map.size)); // 1
 * await system.stop();
 * ```
 */
export function startLink<State>(
  parent: Process,
  init: () => MaybePromise<State>,
  options: GenServer.StartOptions = {},
): Promise<Agent<State>> {
  assertKnownKeys('Agent.startLink', options, startKeys);
  return startAgent(GenServer.startLink, parent, init, options);
}

/**
 * A child spec that starts an agent. A restart begins again with the result of `init`.
 * @throws TypeError or RangeError for a wrong option
 * @see Elixir manual, `Agent.child_spec/1`
 * @example
 * ```ts
 * import { Agent, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [Agent.childSpec(() => 1, { id: 'count' })],
 * });
 * const count = Supervisor.child(app, 'count');
 * console.log(count && (await Agent.get(count, (n) => n))); // 1
 * await system.stop();
 * ```
 */
export function childSpec<State, const Id extends string>(
  init: () => MaybePromise<State>,
  options: ChildOptions<Id> & GenServer.StartOptions,
): ChildSpec<Id, Agent<State>> {
  assertKnownKeys('Agent.childSpec', options, { ...childKeys, ...startKeys });
  assertFunction('init', init);
  const startOptions = partOf<GenServer.StartOptions>(options, startKeys);
  return specOf<Id, Agent<State>>((parent) => startLink(parent, init, startOptions), options);
}

/**
 * Calls `fn` with the state, in the agent, and resolves with its result.
 * @throws as `GenServer.call` does; ExitError when `fn` throws, which ends the agent
 * @see Elixir manual, `Agent.get/3`
 * @example
 * ```ts
 * import { Agent, createSystem } from '@reprise/actor';
 *
 * const system = createSystem();
 * const words = await Agent.startLink(system, () => ['a', 'b']);
 * console.log(await Agent.get(words, (list) => list.length)); // 2
 * await system.stop();
 * ```
 */
export function get<State, Result>(
  agent: Destination<Agent<State>>,
  fn: (state: State) => MaybePromise<Result>,
  options?: GenServer.CallOptions,
): Promise<Result> {
  return callAgent(agent, 'get', fn, options);
}

/**
 * Replaces the state by the result of `fn`, and resolves when that is done.
 * @throws as `get` does
 * @see Elixir manual, `Agent.update/3`
 * @example
 * ```ts
 * import { Agent, createSystem } from '@reprise/actor';
 *
 * const system = createSystem();
 * const words = await Agent.startLink(system, () => ['a']);
 * await Agent.update(words, (list) => [...list, 'b']);
 * console.log(await Agent.get(words, (list) => list.join())); // a,b
 * await system.stop();
 * ```
 */
export async function update<State>(
  agent: Destination<Agent<State>>,
  fn: (state: State) => MaybePromise<NoInfer<State>>,
  options?: GenServer.CallOptions,
): Promise<void> {
  await callAgent(agent, 'update', fn, options);
}

/**
 * Calls `fn`, which returns a pair: the result that this resolves with, and the next state.
 * @throws as `get` does; ExitError `badReturnValue` for anything but a pair, which ends the agent
 * @see Elixir manual, `Agent.get_and_update/3`
 * @example
 * ```ts
 * import { Agent, createSystem } from '@reprise/actor';
 *
 * const system = createSystem();
 * const ids = await Agent.startLink(system, () => 1);
 * console.log(await Agent.getAndUpdate(ids, (id) => [id, id + 1])); // 1
 * console.log(await Agent.getAndUpdate(ids, (id) => [id, id + 1])); // 2
 * await system.stop();
 * ```
 */
export function getAndUpdate<State, Result>(
  agent: Destination<Agent<State>>,
  fn: (state: State) => MaybePromise<readonly [result: Result, state: NoInfer<State>]>,
  options?: GenServer.CallOptions,
): Promise<Result> {
  return callAgent(agent, 'getAndUpdate', fn, options);
}

/**
 * `update`, without waiting. An agent that has ended gets nothing.
 * @throws TypeError for anything but a pid or a name in a system
 * @see Elixir manual, `Agent.cast/2`
 * @example
 * ```ts
 * import { Agent, createSystem } from '@reprise/actor';
 *
 * const system = createSystem();
 * const count = await Agent.startLink(system, () => 1);
 * Agent.cast(count, (n) => n + 1);
 * console.log(await Agent.get(count, (n) => n)); // 2
 * await system.stop();
 * ```
 */
export function cast<State>(
  agent: Destination<Agent<State>>,
  fn: (state: State) => MaybePromise<NoInfer<State>>,
): void {
  assertFunction('the argument', fn);
  GenServer.cast(serverOf(agent), 'update', fn as AgentFunction);
}

/**
 * Ends the agent, as `GenServer.stop` does.
 * @throws as `GenServer.stop` does
 * @see Elixir manual, `Agent.stop/3`
 * @example
 * ```ts
 * import { Agent, createSystem, isAlive } from '@reprise/actor';
 *
 * const system = createSystem();
 * const count = await Agent.start(system, () => 1);
 * await Agent.stop(count);
 * console.log(isAlive(count)); // false
 * await system.stop();
 * ```
 */
export function stop(
  agent: Destination,
  reason?: ExitReason,
  options?: GenServer.StopOptions,
): Promise<void> {
  return GenServer.stop(agent, reason, options);
}

type AgentFunction = (state: unknown) => unknown;

const agentBehaviour = GenServer.define({
  init: (init: () => unknown) => settled(init(), ok),
  handleCall: {
    get: (fn: AgentFunction, state: unknown) => settled(fn(state), (value) => reply(value, state)),
    update: (fn: AgentFunction, state: unknown) =>
      settled(fn(state), (next) => reply(undefined, next)),
    getAndUpdate: (fn: AgentFunction, state: unknown) =>
      settled(fn(state), (pair) => replyOf(pair, state)),
  },
  handleCast: {
    update: (fn: AgentFunction, state: unknown) => settled(fn(state), noreply),
  },
});

/** At once, unless the value is a promise: an agent of synchronous functions makes no promise. */
function settled<Answer>(
  value: unknown,
  answer: (value: unknown) => Answer,
): Answer | Promise<Answer> {
  return isThenable(value) ? Promise.resolve(value).then(answer) : answer(value);
}

function replyOf(pair: unknown, state: unknown): Reply<unknown, unknown> | Stop<unknown> {
  return Array.isArray(pair) && pair.length === 2
    ? reply<unknown, unknown>(pair[0], pair[1])
    : stopAnswer(badReturnValue(pair), state);
}

async function startAgent<State>(
  start: typeof GenServer.start,
  parent: Process,
  init: () => MaybePromise<State>,
  options: GenServer.StartOptions,
): Promise<Agent<State>> {
  assertFunction('init', init);
  return (await start(parent, agentBehaviour, init, options)) as Pid as Agent<State>;
}

/** The result of `fn` has the type that the caller says: an agent runs any function. */
function callAgent<Result>(
  agent: Destination,
  request: 'get' | 'update' | 'getAndUpdate',
  fn: (state: never) => unknown,
  options?: GenServer.CallOptions,
): Promise<Result> {
  assertFunction('the argument', fn);
  const result: Promise<unknown> = GenServer.call(
    serverOf(agent),
    request,
    fn as AgentFunction,
    options,
  );
  return result as Promise<Result>;
}

/** Throws in the caller: in the agent, the error would end the agent. */
function assertFunction(what: string, given: unknown): void {
  if (typeof given !== 'function') {
    throw new TypeError(`Expected ${what} to be a function, got ${describe(given)}`);
  }
}

function serverOf(agent: Destination): Destination<GenServer.ServerOf<typeof agentBehaviour>> {
  return agent as Destination<GenServer.ServerOf<typeof agentBehaviour>>;
}
