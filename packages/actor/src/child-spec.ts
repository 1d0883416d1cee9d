import { assertRestartDelay, type Backoff } from './backoff.ts';
import { describe } from './describe.ts';
import { assertKnownKeys, type KeysOf } from './known-keys.ts';
import { assertOneOf } from './one-of.ts';
import { type Pid } from './process/pid.ts';
import type { Process } from './process/process.ts';

/** `permanent`: always restarted. `transient`: only after an abnormal end. `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/**
 * How long a child may take to end after a shutdown request before it is killed, in ms. `Infinity`:
 * without a limit. `brutalKill`: it is killed at once, without a request.
 */
export type Shutdown = number | 'brutalKill';

/**
 * How to start, restart and shut down a child.
 * @see OTP manual, `supervisor:child_spec()`
 */
export interface ChildSpec<
  out Id extends string = string,
  out Child extends Pid = Pid,
  in Extra extends readonly unknown[] = readonly [],
> {
  /** The name of the child within its supervisor. */
  readonly id: Id;
  /**
   * Starts the child, linked to `parent`, and resolves with its pid once it is initialised, or with
   * `undefined` for `ignore`. A rejection is a failed start, and so is a process without a link to
   * `parent`, whose end the supervisor would not notice. `extra`: further arguments from the
   * supervisor, such as the `extraArguments` of a dynamic one.
   *
   * `None` refuses a function that forgets its `return`, which resolves with `undefined`, too. Give
   * one that may resolve with `undefined` to `childSpec`.
   */
  readonly start: <None extends undefined>(
    parent: Process,
    ...extra: Extra
  ) => Promise<Child | None>;
  /** Default: `permanent`. */
  readonly restart: Restart;
  /** Default: 5,000 ms; `Infinity` for a supervisor. */
  readonly shutdown: Shutdown;
  /** Default: `worker`. */
  readonly type: 'worker' | 'supervisor';
  /** Whether its end can end its supervisor: see `autoShutdown`. Default: false. */
  readonly significant: boolean;
  /** A pause before each restart. Default: none. */
  readonly restartDelay?: Backoff;
}

/**
 * The result of a start: the pid, perhaps with information for the caller of `startChild`, or
 * `undefined` for `ignore`.
 */
export type Started = Pid | { readonly pid: Pid; readonly info: unknown } | undefined;

/** The options of a child spec: all but its `start`. */
export interface ChildOptions<Id extends string = string> {
  readonly id: Id;
  readonly restart?: Restart;
  readonly shutdown?: Shutdown;
  readonly significant?: boolean;
  readonly restartDelay?: Backoff;
}

export const childKeys: KeysOf<ChildOptions> = {
  id: true,
  restart: true,
  shutdown: true,
  significant: true,
  restartDelay: true,
};

const specKeys: KeysOf<ChildSpec> = { ...childKeys, start: true, type: true };

type SpecOptions<Id extends string> = ChildOptions<Id> & {
  readonly type?: 'worker' | 'supervisor';
};

/**
 * A child spec with OTP's defaults. Modules such as `Agent` and `GenServer` have a `childSpec` of
 * their own.
 * @throws TypeError or RangeError for a wrong option
 * @see OTP manual, `supervisor:child_spec()`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const spec = childSpec((parent) => Agent.startLink(parent, () => 1), { id: 'one', shutdown: 100 });
 * console.log(spec.restart, spec.shutdown, spec.type); // permanent 100 worker
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
 * console.log(await Agent.get(Supervisor.child(app, 'one'), (n) => n)); // 1
 * await system.stop();
 * ```
 */
export function childSpec<
  Id extends string,
  Child extends Pid | undefined,
  Extra extends readonly unknown[] = readonly [],
>(
  // Not `Promise<Child | undefined>`, which a function that forgets its `return` would be, too.
  start: (parent: Process, ...extra: Extra) => Promise<Child>,
  options: SpecOptions<Id>,
): ChildSpec<Id, NonNullable<Child>, Readonly<Extra>> {
  assertKnownKeys('childSpec', options, { ...childKeys, type: true });
  return specOf(start as Start<NonNullable<Child>, Extra>, options);
}

/** A start that may resolve with `undefined`. */
type Start<Child extends Pid, Extra extends readonly unknown[]> = (
  parent: Process,
  ...extra: Extra
) => Promise<Child | undefined>;

/** `childSpec` for options that are checked, and may have those of other functions among them. */
export function specOf<
  Id extends string,
  Child extends Pid,
  Extra extends readonly unknown[] = readonly [],
>(start: Start<Child, Extra>, options: SpecOptions<Id>): ChildSpec<Id, Child, Readonly<Extra>> {
  const { id, restart = 'permanent', type = 'worker', significant = false, restartDelay } = options;
  const defaultShutdown = type === 'supervisor' ? Infinity : 5000;
  const spec: ChildSpec<Id, Child, Readonly<Extra>> = {
    id,
    // Only the types differ: a parameter list is read-only either way, and `None` is `undefined`.
    start: start as ChildSpec<Id, Child, Readonly<Extra>>['start'],
    restart,
    shutdown: options.shutdown === undefined ? defaultShutdown : options.shutdown,
    type,
    significant,
    ...(restartDelay === undefined ? {} : { restartDelay }),
  };
  assertChildSpec(spec);
  return spec;
}

/** Any child spec. */
export type AnyChildSpec = ChildSpec<string, Pid, never>;

/** Throws a `TypeError` or `RangeError` that names the first wrong field of a child spec. */
export function assertChildSpec(spec: AnyChildSpec): void {
  if (typeof spec !== 'object' || spec === null || typeof spec.id !== 'string') {
    throw new TypeError(`Expected a child spec with an id, got ${describe(spec)}`);
  }
  assertKnownKeys(`child ${describe(spec.id)}`, spec, specKeys);
  if (typeof spec.start !== 'function') {
    throw new TypeError(
      `${expectation(spec, 'start')} a function (parent) => Promise<Pid>, got ${describe(spec.start)}`,
    );
  }
  assertOneOf(expectation(spec, 'restart'), spec.restart, ['permanent', 'transient', 'temporary']);
  assertOneOf(expectation(spec, 'type'), spec.type, ['worker', 'supervisor']);
  assertOneOf(expectation(spec, 'significant'), spec.significant, [true, false]);
  if (spec.restartDelay !== undefined) {
    assertRestartDelay(spec.restartDelay);
  }
  if (
    spec.shutdown !== 'brutalKill' &&
    !(typeof spec.shutdown === 'number' && spec.shutdown >= 0)
  ) {
    throw new RangeError(
      `${expectation(spec, 'shutdown')} milliseconds from 0 on, Infinity or 'brutalKill', got ${describe(spec.shutdown)}`,
    );
  }
}

function expectation(spec: AnyChildSpec, field: string): string {
  return `Expected ${field} of child ${describe(spec.id)} to be`;
}
