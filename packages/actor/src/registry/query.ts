import { cellOfProcess } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { AnyRegistry, KeyedEntry } from './registry-pid.ts';
import { tableOf } from './table.ts';

/**
 * The registrations for which `matches` is true, each with its key; without `matches` all of them.
 * Those of one key are in the order they came, and so are the keys.
 * @throws as `Registry.lookup` does; the error that `matches` throws
 * @see Elixir manual, `Registry.select/2`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<readonly [string, number], string>(system, { keys: 'unique' });
 * Registry.register(system, rooms, ['room', 7], 'open');
 * Registry.register(system, rooms, ['room', 8], 'closed');
 * const open = Registry.select(rooms, ({ value }) => value === 'open');
 * console.log(open.map(({ key }) => key)); // [ [ 'room', 7 ] ]
 * await system.stop();
 * ```
 */
export function select<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  matches: (entry: KeyedEntry<Key, Value, P>) => boolean = () => true,
): readonly KeyedEntry<Key, Value, P>[] {
  return tableOf(registry)
    .all()
    .map(({ key, cell, value }) => ({ key, pid: cell.pid, value }) as unknown)
    .filter((entry): entry is KeyedEntry<Key, Value, P> =>
      matches(entry as KeyedEntry<Key, Value, P>),
    );
}

/**
 * The number of registrations of a key for which `matches` is true.
 * @throws as `Registry.lookup` does; the error that `matches` throws
 * @see Elixir manual, `Registry.count_match/4`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'duplicate' });
 * Registry.register(system, rooms, 'lobby', 20);
 * Registry.register(system, rooms, 'lobby', 30);
 * console.log(Registry.countMatch(rooms, 'lobby', (seats) => seats > 20)); // 1
 * await system.stop();
 * ```
 */
export function countMatch<Key, Value, P extends Pid>(
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  matches: (value: Value, pid: P) => boolean,
): number {
  const found = tableOf(registry).at(key);
  return found.filter(({ value, cell }) => matches(value as Value, cell.pid as unknown as P))
    .length;
}

/**
 * Deletes the registrations of `self` under a key for whose value `matches` is true. The listeners
 * get a message when none is left under the key.
 * @throws as `Registry.unregister` does; the error that `matches` throws: then none is deleted
 * @see Elixir manual, `Registry.unregister_match/4`
 * @example
 * ```ts
 * import { createSystem, Registry } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await Registry.start<string, number>(system, { keys: 'duplicate' });
 * Registry.register(system, rooms, 'lobby', 20);
 * Registry.register(system, rooms, 'lobby', 30);
 * Registry.unregisterMatch(system, rooms, 'lobby', (seats) => seats > 20);
 * console.log(Registry.values(rooms, 'lobby', system.pid)); // [ 20 ]
 * await system.stop();
 * ```
 */
export function unregisterMatch<Key, Value, P extends Pid>(
  self: Process,
  registry: AnyRegistry<Key, Value, P>,
  key: NoInfer<Key>,
  matches: (value: Value) => boolean,
): void {
  tableOf(registry).unregister(key, cellOfProcess(self), (value) => matches(value as Value));
}
