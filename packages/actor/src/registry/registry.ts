import { childKeys, type ChildOptions, type ChildSpec, specOf } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys } from '../known-keys.ts';
import { assertOneBag } from '../one-bag.ts';
import { assertOneOf } from '../one-of.ts';
import { type Destination, find, type Via } from '../process/address.ts';
import { type Cell, cellOf, cellOfProcess, isPid, pidAndLabel } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isAlive } from '../process/signals.ts';
import * as GenServer from '../server/gen-server.ts';
import { ok } from '../server/next.ts';
import {
  type AnyRegistry,
  type Duplicate,
  type Entry,
  type RegistryOptions,
  type Registered,
  registryKeys,
  type Unique,
  type Updated,
} from './registry-pid.ts';
import { type Registration, RegistryTable, tableOf, uniqueTableOf } from './table.ts';
import { RegistryAddress } from './via.ts';

export { countMatch, select, unregisterMatch } from './query.ts';
export { stop } from '../server/gen-server.ts';
export type {
  Change,
  Duplicate,
  Entry,
  KeyedEntry,
  Registered,
  RegistryOf,
  RegistryOptions as Options,
  Unique,
  Updated,
} from './registry-pid.ts';

/** A value may be left out where it may be `undefined`. */
type ValueArgs<Value> = undefined extends Value
  ? readonly [value?: Value]
  : readonly [value: Value];

/** The messages of a process of this kind: a `self` has no other type. */
type AcceptedBy<P> = P extends Pid<infer Message> ? Message : never;

/**
 * Starts a registry. Processes register themselves in it under keys, each with a value, and are
 * found by key. When a process ends, its registrations are gone before any process learns of its
 * end. When the registry ends, the processes in it get an exit signal with its reason, as if they
 * were linked to it.
 *
 * Reading and writing are synchronous, and wait for no process.
 * @throws as `GenServer.start` does; TypeError for wrong options
 * @see Elixir manual, `Registry`
 * @example
 * ```ts
 * import { createSystem, Registry, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'unique' });
 * spawn(system, (self) => {
 *   Registry.register(self, rooms, 'lobby', 20);
 *   console.log(Registry.lookup(rooms, 'lobby').map(({ value }) => value).join()); // 20
 * });
 * await settle(system); // until the process has run
 * await system.stop();
 * ```
 */
export function start<Key = unknown, Value = unknown, P extends Pid = Pid>(
  parent: Process,
  options: RegistryOptions<'unique', Key, Value, P>,
): Promise<Unique<Key, Value, P>>;
export function start<Key = unknown, Value = unknown, P extends Pid = Pid>(
  parent: Process,
  options: RegistryOptions<'duplicate', Key, Value, P>,
): Promise<Duplicate<Key, Value, P>>;
export function start(parent: Process, options: AnyOptions): Promise<never> {
  assertOneBag('Registry.start', arguments, 2);
  assertKnownKeys('Registry.start', options, registryKeys);
  return startRegistry(GenServer.start, parent, options);
}

/**
 * `start`, linked to `parent`.
 * @throws as `GenServer.startLink` does; TypeError for wrong options
 * @see Elixir manual, `Registry.start_link/1`
 * @example
 * ```ts
 * import { createSystem, name, Registry } from '@reprise/actor';
 *
 * const rooms = name<Registry.Unique<string, number>>('rooms');
 *
 * const system = createSystem();
 * await Registry.startLink(system, { keys: 'unique', name: rooms });
 * console.log(Registry.count(rooms.in(system))); // 0
 * await system.stop();
 * ```
 */
export function startLink<Key = unknown, Value = unknown, P extends Pid = Pid>(
  parent: Process,
  options: RegistryOptions<'unique', Key, Value, P>,
): Promise<Unique<Key, Value, P>>;
export function startLink<Key = unknown, Value = unknown, P extends Pid = Pid>(
  parent: Process,
  options: RegistryOptions<'duplicate', Key, Value, P>,
): Promise<Duplicate<Key, Value, P>>;
export function startLink(parent: Process, options: AnyOptions): Promise<never> {
  assertOneBag('Registry.startLink', arguments, 2);
  assertKnownKeys('Registry.startLink', options, registryKeys);
  return startRegistry(GenServer.startLink, parent, options);
}

/**
 * A child spec that starts a registry. After a restart it is empty, and the processes that were in
 * it have got an exit signal.
 * @throws TypeError or RangeError for a wrong option
 * @see Elixir manual, `Registry.child_spec/1`
 * @example
 * ```ts
 * import { createSystem, name, Registry, Supervisor } from '@reprise/actor';
 *
 * const rooms = name<Registry.Unique<string>>('rooms');
 *
 * const system = createSystem();
 * await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [Registry.childSpec({ id: 'rooms', keys: 'unique', name: rooms })],
 * });
 * console.log(Registry.count(rooms.in(system))); // 0
 * await system.stop();
 * ```
 */
export function childSpec<
  const Id extends string,
  Key = unknown,
  Value = unknown,
  P extends Pid = Pid,
>(
  options: ChildOptions<Id> & RegistryOptions<'unique', Key, Value, P>,
): ChildSpec<Id, Unique<Key, Value, P>>;
export function childSpec<
  const Id extends string,
  Key = unknown,
  Value = unknown,
  P extends Pid = Pid,
>(
  options: ChildOptions<Id> & RegistryOptions<'duplicate', Key, Value, P>,
): ChildSpec<Id, Duplicate<Key, Value, P>>;
export function childSpec(options: ChildOptions & AnyOptions): ChildSpec<string, never> {
  assertOneBag('Registry.childSpec', arguments, 1);
  assertKnownKeys('Registry.childSpec', options, { ...childKeys, ...registryKeys });
  assertOptions(options);
  return specOf<string, never>(
    (parent) => startRegistry(GenServer.startLink, parent, options),
    options,
  );
}

type AnyOptions = RegistryOptions<'unique' | 'duplicate', unknown, unknown, Pid>;

const registryBehaviour = GenServer.define({
  init: ({ keys, listeners = [] }: AnyOptions, self) =>
    ok(new RegistryTable(cellOfProcess(self), keys === 'unique', listeners)),
});

async function startRegistry(
  start: typeof GenServer.start,
  parent: Process,
  options: AnyOptions,
): Promise<never> {
  const { name } = options;
  assertOptions(options);
  const pid: Pid = await start(
    parent,
    registryBehaviour,
    options,
    name === undefined ? {} : { name },
  );
  return pid as never;
}

function assertOptions({ keys, listeners = [] }: AnyOptions): void {
  assertOneOf('Expected keys to be', keys, ['unique', 'duplicate']);
  if (!Array.isArray(listeners)) {
    throw new TypeError(`Expected listeners to be an array of pids, got ${describe(listeners)}`);
  }
  for (const listener of listeners) {
    // Throws unless it is an address.
    find(listener);
  }
}

/**
 * Registers `self` under a key, until it unregisters or ends. A unique registry refuses a key that
 * a process has, also when that is `self`: the result says which process. A duplicate registry
 * refuses nothing, and the same process may have a key many times.
 * @throws Error when the registry or `self` has ended; TypeError for anything but a registry
 * @see Elixir manual, `Registry.register/3`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'unique' });
 * console.log(Registry.register(system, rooms, 'lobby', 20).type); // registered
 * console.log(Registry.register(system, rooms, 'lobby', 30).type); // alreadyRegistered
 * await system.stop();
 * ```
 */
export function register<Key, Value, P extends Pid>(
  self: Process<AcceptedBy<NoInfer<P>>>,
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  ...[value]: ValueArgs<NoInfer<Value>>
): Registered<P> {
  const owner = tableOf(registry).register(key, livingOf(self), value);
  return owner === undefined
    ? { type: 'registered' }
    : { type: 'alreadyRegistered', pid: owner.pid as unknown as P };
}

/**
 * Deletes all registrations of `self` under a key, and none of other processes.
 * @throws Error when the registry has ended; TypeError for anything but a registry
 * @see Elixir manual, `Registry.unregister/2`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string>(system, { keys: 'unique' });
 * Registry.register(system, rooms, 'lobby');
 * Registry.unregister(system, rooms, 'lobby');
 * console.log(Registry.lookup(rooms, 'lobby').length); // 0
 * await system.stop();
 * ```
 */
export function unregister<Key, Value, P extends Pid>(
  self: Process,
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
): void {
  tableOf(registry).unregister(key, cellOfProcess(self));
}

/**
 * The processes that have a key, each with its value, in the order they registered: at most one in
 * a unique registry.
 * @throws Error when the registry has ended; TypeError for anything but a registry
 * @see Elixir manual, `Registry.lookup/2`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'duplicate' });
 * Registry.register(system, rooms, 'lobby', 20);
 * Registry.register(system, rooms, 'lobby', 30);
 * console.log(Registry.lookup(rooms, 'lobby').map(({ value }) => value).join()); // 20,30
 * await system.stop();
 * ```
 */
export function lookup<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
): readonly Entry<Value, P>[] {
  return tableOf(registry)
    .at(key)
    .map(entryOf<Value, P>);
}

/**
 * The entries of `lookup` for which `matches` is true.
 * @throws as `lookup` does
 * @see Elixir manual, `Registry.match/4`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'duplicate' });
 * Registry.register(system, rooms, 'lobby', 20);
 * Registry.register(system, rooms, 'lobby', 30);
 * console.log(Registry.match(rooms, 'lobby', (seats) => seats > 20).length); // 1
 * await system.stop();
 * ```
 */
export function match<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  matches: (value: Value, pid: P) => boolean,
): readonly Entry<Value, P>[] {
  return lookup(registry, key).filter(({ value, pid }) => matches(value, pid));
}

/**
 * Calls `fn` once, at once, with all entries of a key; not at all when there are none.
 * @throws as `lookup` does; the error that `fn` throws
 * @see Elixir manual, `Registry.dispatch/4`
 * @example
 * ```ts
 * import { createSystem, type Pid, Registry, send, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const topics = await Registry.start<string, undefined, Pid<string>>(system, { keys: 'duplicate' });
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const heard = Promise.withResolvers<void>();
 * spawn<string>(system, async (self) => {
 *   Registry.register(self, topics, 'news');
 *   heard.resolve();
 *   resolve(await self.receive());
 * });
 * await heard.promise;
 * Registry.dispatch(topics, 'news', (entries) => {
 *   for (const { pid } of entries) {
 *     send(pid, 'hello');
 *   }
 * });
 * console.log(await promise); // hello
 * await system.stop();
 * ```
 */
export function dispatch<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  fn: (entries: readonly Entry<Value, P>[]) => void,
): void {
  const entries = lookup(registry, key);
  if (entries.length > 0) {
    fn(entries);
  }
}

/**
 * The keys of a process, in the order it registered them: a key that it has twice is listed twice.
 * Without a pid all keys of the registry, each once.
 * @throws as `lookup` does; TypeError for anything but a pid
 * @see Elixir manual, `Registry.keys/2`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string>(system, { keys: 'unique' });
 * Registry.register(system, rooms, 'lobby');
 * Registry.register(system, rooms, 'attic');
 * console.log(Registry.keys(rooms, system.pid).join()); // lobby,attic
 * console.log(Registry.keys(rooms).join()); // lobby,attic
 * await system.stop();
 * ```
 */
export function keys<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  pid?: Pid,
): readonly Key[] {
  const table = tableOf(registry);
  return pid === undefined
    ? (table.keys() as readonly Key[])
    : table.of(cellOf(pid)).map(({ key }) => key as Key);
}

/**
 * The values that a process has under a key, in the order it registered them.
 * @throws as `lookup` does; TypeError for anything but a pid
 * @see Elixir manual, `Registry.values/3`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'unique' });
 * Registry.register(system, rooms, 'lobby', 20);
 * console.log(Registry.values(rooms, 'lobby', system.pid).join()); // 20
 * await system.stop();
 * ```
 */
export function values<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  pid: Pid,
): readonly Value[] {
  return tableOf(registry)
    .under(key, cellOf(pid))
    .map(({ value }) => value as Value);
}

/**
 * The number of registrations.
 * @throws as `lookup` does
 * @see Elixir manual, `Registry.count/1`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string>(system, { keys: 'unique' });
 * Registry.register(system, rooms, 'lobby');
 * console.log(Registry.count(rooms)); // 1
 * await system.stop();
 * ```
 */
export function count<Key, Value, P extends Pid>(registry: AnyRegistry<Key, Value, P>): number {
  return tableOf(registry).count;
}

/**
 * Replaces the value that `self` has under a key by the result of `fn`; the result says whether
 * `self` has the key.
 * @throws as `lookup` does; the error that `fn` throws
 * @throws TypeError for a duplicate registry, where a key may have many values
 * @see Elixir manual, `Registry.update_value/3`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'unique' });
 * Registry.register(system, rooms, 'lobby', 20);
 * const updated = Registry.updateValue(system, rooms, 'lobby', (seats) => seats + 1);
 * console.log(updated.type === 'updated' && updated.value); // 21
 * await system.stop();
 * ```
 */
export function updateValue<Key, Value, P extends Pid>(
  self: Process,
  registry: Destination<Unique<Key, Value, P>>,
  key: NoInfer<Key>,
  fn: (value: Value) => NoInfer<Value>,
): Updated<Value> {
  const [registration] = uniqueTableOf(registry).under(key, cellOfProcess(self));
  if (registration === undefined) {
    return { type: 'notRegistered' };
  }
  const old = registration.value as Value;
  const value = fn(old);
  registration.value = value;
  return { type: 'updated', value, old };
}

/**
 * Calls `fn` while no other call of `lock` holds this key, and resolves with its result. Waiting
 * processes get the key in the order they came. Other keys do not wait, and neither do
 * registrations under this one. The key is free again when `fn` has settled or `self` has ended.
 *
 * A process that asks for the same key inside its own `fn` waits for ever.
 * @throws as `register` does; the error that `fn` throws
 * @throws ExitError when the registry ends while `self` waits
 * @see Elixir manual, `Registry.lock/3`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string>(system, { keys: 'unique' });
 * const log: string[] = [];
 * const slowly = async (text: string) => {
 *   log.push(text);
 *   await Promise.resolve();
 *   log.push(text);
 * };
 * await Promise.all([
 *   Registry.lock(system, rooms, 'lobby', () => slowly('a')),
 *   Registry.lock(system, rooms, 'lobby', () => slowly('b')),
 * ]);
 * console.log(log.join()); // a,a,b,b
 * await system.stop();
 * ```
 */
export async function lock<Key, Value, P extends Pid, Result>(
  self: Process,
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  fn: () => Result | PromiseLike<Result>,
): Promise<Result> {
  return tableOf(registry).lock(livingOf(self), key, fn);
}

/**
 * The address of the process that has a key: accepted wherever a pid is, and looked up at each use.
 * As the `name` of a server that starts, it registers the server, with `value`; the start fails
 * with `alreadyStarted` when a process has the key. When the registry is not running, it is the
 * address of no process.
 * @throws TypeError for a duplicate registry, where many processes may have a key; when the
 * registry is given by its name, the start throws it
 * @see Elixir manual, `Registry`, "Using in `:via`"
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, Registry, reply } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: (count: number) => ok(count),
 *   handleCall: { next: (_, count) => reply(count, count + 1) },
 * });
 * type Counter = GenServer.ServerOf<typeof counter>;
 *
 * const system = createSystem();
 * const counters = await Registry.startLink<string, undefined, Counter>(system, { keys: 'unique' });
 * const visits = Registry.via(counters, 'visits');
 * await GenServer.startLink(system, counter, 7, { name: visits });
 * console.log(await GenServer.call(visits, 'next')); // 7
 * await system.stop();
 * ```
 */
export function via<Key, Value, P extends Pid>(
  registry: Destination<Unique<Key, Value, P>>,
  key: NoInfer<Key>,
  ...[value]: ValueArgs<NoInfer<Value>>
): Via<P> {
  if (isPid(registry) && isAlive(registry)) {
    uniqueTableOf(registry);
  }
  return new RegistryAddress(registry, key, value) as unknown as Via<P>;
}

/** A process that has ended registers nothing: its code may still run after an `await`. */
function livingOf(self: Process): Cell {
  const cell = cellOfProcess(self);
  if (!cell.isAlive) {
    throw new Error(`Expected a running process, got ${pidAndLabel(cell)}, which has ended`);
  }
  return cell;
}

function entryOf<Value, P extends Pid>({ cell, value }: Registration): Entry<Value, P> {
  return { pid: cell.pid as unknown as P, value: value as Value };
}
