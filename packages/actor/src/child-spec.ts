import { assertRestartDelay, type Backoff } from './backoff.ts';
import { describe } from './describe.ts';
import { type Pid } from './process/pid.ts';
import type { Process } from './process/process.ts';

/** `permanent`: always restarted. `transient`: only after an abnormal end. `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/**
 * How long a child may take to end, in ms, before it is killed; `brutalKill` asks for nothing
 * first; `Infinity` waits.
 */
export type Shutdown = number | 'brutalKill';

/**
 * How to start, restart and shut down a child. Below both servers and supervisors, so that neither
 * needs the other.
 * @see OTP manual, `supervisor:child_spec()`
 */
export interface ChildSpec<
  out Id extends string = string,
  out Child extends Pid = Pid,
  in Extra extends readonly unknown[] = readonly [],
> {
  /** Names the child within its supervisor. */
  readonly id: Id;
  /**
   * Starts the child, linked to `parent`, and resolves once it is initialised; `undefined` for
   * `ignore`. Rejects with the reason. `extra`: what the supervisor itself has for its children,
   * such as the `extraArguments` of a dynamic one.
   */
  readonly start: (parent: Process<never>, ...extra: Extra) => Promise<Child | undefined>;
  /** Default: `permanent`. */
  readonly restart: Restart;
  /** Default: 5,000 ms; `Infinity` for a supervisor. */
  readonly shutdown: Shutdown;
  /** Default: `worker`. */
  readonly type: 'worker' | 'supervisor';
  /** Whether its end may end its supervisor: see `autoShutdown`. Default: false. */
  readonly significant: boolean;
  /** A pause before each restart. Default: none. */
  readonly restartDelay?: Backoff;
}

/**
 * What a start gives: the pid, perhaps with something for whoever asked for it, or `undefined` for
 * `ignore`.
 */
export type Started = Pid | { readonly pid: Pid; readonly info: unknown } | undefined;

/** What may be chosen about a child besides how it starts. */
export interface ChildOptions<Id extends string = string> {
  readonly id: Id;
  readonly restart?: Restart;
  readonly shutdown?: Shutdown;
  readonly significant?: boolean;
  readonly restartDelay?: Backoff;
}

/**
 * A child spec with OTP's defaults. Throws a `TypeError` or `RangeError` for an option that is none
 * of the allowed ones.
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
  Child extends Pid,
  Extra extends readonly unknown[] = readonly [],
>(
  start: ChildSpec<Id, Child, Extra>['start'],
  options: ChildOptions<Id> & { readonly type?: 'worker' | 'supervisor' },
): ChildSpec<Id, Child, Readonly<Extra>> {
  const { id, restart = 'permanent', type = 'worker', significant = false, restartDelay } = options;
  const defaultShutdown = type === 'supervisor' ? Infinity : 5000;
  const spec: ChildSpec<Id, Child, Readonly<Extra>> = {
    id,
    // A parameter list is never written to: read-only or not, it is the same.
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

/** A child spec of whatever kind. */
export type AnyChildSpec = ChildSpec<string, Pid, never>;

/** Throws a `TypeError` or `RangeError` that names the first thing wrong with a child spec. */
export function assertChildSpec(spec: AnyChildSpec): void {
  if (typeof spec !== 'object' || spec === null || typeof spec.id !== 'string') {
    throw new TypeError(`Expected a child spec with an id, got ${describe(spec)}`);
  }
  if (typeof spec.start !== 'function') {
    throw new TypeError(
      `${wrong(spec, 'start')} a function (parent) => Promise<Pid>, got ${describe(spec.start)}`,
    );
  }
  assertOneOf(spec, 'restart', ['permanent', 'transient', 'temporary']);
  assertOneOf(spec, 'type', ['worker', 'supervisor']);
  assertOneOf(spec, 'significant', [true, false]);
  if (spec.restartDelay !== undefined) {
    assertRestartDelay(spec.restartDelay);
  }
  if (
    spec.shutdown !== 'brutalKill' &&
    !(typeof spec.shutdown === 'number' && spec.shutdown >= 0)
  ) {
    throw new RangeError(
      `${wrong(spec, 'shutdown')} milliseconds from 0 on, Infinity or 'brutalKill', got ${describe(spec.shutdown)}`,
    );
  }
}

function assertOneOf(
  spec: AnyChildSpec,
  field: 'restart' | 'type' | 'significant',
  allowed: readonly unknown[],
): void {
  if (!allowed.includes(spec[field])) {
    const list = allowed.map((value) => JSON.stringify(value)).join(' or ');
    throw new TypeError(`${wrong(spec, field)} ${list}, got ${describe(spec[field])}`);
  }
}

function wrong(spec: AnyChildSpec, field: string): string {
  return `Expected ${field} of child ${describe(spec.id)} to be`;
}
