import { type KeysOf } from '../known-keys.ts';
import type { Destination, Name } from '../process/address.ts';
import type { Pid } from '../process/pid.ts';

/** A registry of either kind, or its name. */
export type AnyRegistry<Key, Value, P extends Pid> = Destination<
  RegistryOf<'unique' | 'duplicate', Key, Value, P>
>;

declare const registered: unique symbol;

/**
 * The pid of a registry. Its type has the types of the keys, values and processes, and says whether
 * at most one process has a key.
 *
 * Keys are equal as those of a `Map` are (SameValueZero): objects when they are the same object;
 * `NaN` equals itself; `0` and `-0` are one key, and so are `1` and `1.0`, which JavaScript cannot
 * tell apart; `1`, `1n` and `'1'` are three. But arrays are equal when their elements are, at any
 * depth: `['room', 7]` is a key by value, as a tuple is. The registry keeps a frozen copy of it.
 */
export interface RegistryOf<
  out Keys extends 'unique' | 'duplicate',
  in out Key,
  in out Value,
  out P extends Pid,
> extends Pid {
  readonly [registered]: {
    readonly keys: Keys;
    readonly key: (key: Key) => Key;
    readonly value: (value: Value) => Value;
    readonly pid: P;
  };
}

/** A registry where at most one process has a key. */
export type Unique<Key = unknown, Value = unknown, P extends Pid = Pid> = RegistryOf<
  'unique',
  Key,
  Value,
  P
>;

/** A registry where any number of processes have a key, each any number of times. */
export type Duplicate<Key = unknown, Value = unknown, P extends Pid = Pid> = RegistryOf<
  'duplicate',
  Key,
  Value,
  P
>;

/**
 * A message to the listeners: a process registered a key, or unregistered it. The end of a process
 * sends none: a listener can monitor it.
 */
export type Change<Key = unknown, Value = unknown, P extends Pid = Pid> =
  | {
      readonly type: 'register';
      readonly registry: Pid;
      readonly key: Key;
      readonly pid: P;
      readonly value: Value;
    }
  | {
      readonly type: 'unregister';
      readonly registry: Pid;
      readonly key: Key;
      readonly pid: P;
    };

/** One registration of a key. */
export interface Entry<out Value = unknown, out P extends Pid = Pid> {
  readonly pid: P;
  readonly value: Value;
}

/** One registration, with its key. */
export interface KeyedEntry<
  out Key = unknown,
  out Value = unknown,
  out P extends Pid = Pid,
> extends Entry<Value, P> {
  readonly key: Key;
}

/** The result of `register`: the process has the key, or another process has it. */
export type Registered<P extends Pid = Pid> =
  | { readonly type: 'registered' }
  | { readonly type: 'alreadyRegistered'; readonly pid: P };

/** The result of `updateValue`: the new value and the old, or that the process has no such key. */
export type Updated<Value = unknown> =
  | { readonly type: 'updated'; readonly value: Value; readonly old: Value }
  | { readonly type: 'notRegistered' };

/** The options of `Registry.start`. */
export interface RegistryOptions<Keys extends 'unique' | 'duplicate', Key, Value, P extends Pid> {
  /** Whether at most one process has a key. */
  readonly keys: Keys;
  /** A name in the system; a `Name` also has the types of the registry. */
  readonly name?: string | Name<RegistryOf<Keys, Key, Value, P>>;
  /** The processes that get a message at each change. Default: none. */
  readonly listeners?: readonly Destination<Pid<Change<Key, Value, P>>>[];
}

export const registryKeys: KeysOf<RegistryOptions<'unique', unknown, unknown, Pid>> = {
  keys: true,
  name: true,
  listeners: true,
};
