import type { Destination, Name } from '../process/address.ts';
import type { Pid } from '../process/pid.ts';

declare const registered: unique symbol;

/**
 * The pid of a registry, which knows what its keys and values are, what kind of process is
 * registered, and whether a key is one process's alone.
 *
 * Keys are equal as those of a `Map` are (SameValueZero): objects when they are the same object;
 * `NaN` equals itself; `0` and `-0` are one key, and so are `1` and `1.0`, which JavaScript cannot
 * tell apart; `1`, `1n` and `'1'` are three.
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

/** A registry where a key is one process's. */
export type Unique<Key = unknown, Value = unknown, P extends Pid = Pid> = RegistryOf<
  'unique',
  Key,
  Value,
  P
>;

/** A registry where any number of processes have a key, and each any number of times. */
export type Duplicate<Key = unknown, Value = unknown, P extends Pid = Pid> = RegistryOf<
  'duplicate',
  Key,
  Value,
  P
>;

/**
 * What listeners are sent: a key was registered, or taken off by its owner. Of the end of a process
 * they are not told: they can monitor it.
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

/** What `register` answers: it is done, or who has the key already. */
export type Registered<P extends Pid = Pid> =
  | { readonly type: 'registered' }
  | { readonly type: 'alreadyRegistered'; readonly pid: P };

/** What `updateValue` answers: the new value and the old, or that the key is not the process's. */
export type Updated<Value = unknown> =
  | { readonly type: 'updated'; readonly value: Value; readonly old: Value }
  | { readonly type: 'notRegistered' };

export interface Options<Keys extends 'unique' | 'duplicate', Key, Value, P extends Pid> {
  /** Whether a key is one process's alone. */
  readonly keys: Keys;
  /** A name in the system; a `Name` also says what the registry holds. */
  readonly name?: string | Name<RegistryOf<Keys, Key, Value, P>>;
  /** Who is told of changes. Default: nobody. */
  readonly listeners?: readonly Destination<Pid<Change<Key, Value, P>>>[];
}
