import { describe, type Pid } from './pid.ts';
import type { Process } from './process.ts';
import { assertRestartDelay, type RestartDelay } from './restart-delay.ts';

/** `permanent`: always restarted. `transient`: only after an abnormal end. `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** How long a child may take to end, in ms, before it is killed; `brutalKill` asks for nothing first; `Infinity` waits. */
export type Shutdown = number | 'brutalKill';

/**
 * How to start, restart and shut down a child. Below both servers and supervisors, so that neither needs the other.
 * @see OTP manual, `supervisor:child_spec()`
 */
export interface ChildSpec<out Id extends string = string, out Child extends Pid = Pid> {
  /** Names the child within its supervisor. */
  readonly id: Id;
  /** Starts the child, linked to `parent`, and resolves once it is initialised; `undefined` for `ignore`. Rejects with the reason. */
  readonly start: (parent: Process<never>) => Promise<Child | undefined>;
  /** Default: `permanent`. */
  readonly restart: Restart;
  /** Default: 5,000 ms; `Infinity` for a supervisor. */
  readonly shutdown: Shutdown;
  /** Default: `worker`. */
  readonly type: 'worker' | 'supervisor';
  /** Whether its end may end its supervisor: see `autoShutdown`. Default: false. */
  readonly significant: boolean;
  /** A pause before each restart. Default: none. */
  readonly restartDelay?: RestartDelay;
}

/** What may be chosen about a child besides how it starts. */
export interface ChildOptions<Id extends string = string> {
  readonly id: Id;
  readonly restart?: Restart;
  readonly shutdown?: Shutdown;
  readonly significant?: boolean;
  readonly restartDelay?: RestartDelay;
}

/** A child spec with OTP's defaults. Throws a `TypeError` or `RangeError` for an option that is none of the allowed ones. */
export function childSpec<Id extends string, Child extends Pid>(
  start: ChildSpec<Id, Child>['start'],
  options: ChildOptions<Id> & { readonly type?: 'worker' | 'supervisor' },
): ChildSpec<Id, Child> {
  const { id, restart = 'permanent', type = 'worker', significant = false, restartDelay } = options;
  const patience = type === 'supervisor' ? Infinity : 5000;
  const spec: ChildSpec<Id, Child> = {
    id,
    start,
    restart,
    shutdown: options.shutdown === undefined ? patience : options.shutdown,
    type,
    significant,
    ...(restartDelay === undefined ? {} : { restartDelay }),
  };
  assertChildSpec(spec);
  return spec;
}

/** Throws a `TypeError` or `RangeError` that names the first thing wrong with a child spec. */
export function assertChildSpec(spec: ChildSpec): void {
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
  spec: ChildSpec,
  field: 'restart' | 'type' | 'significant',
  allowed: readonly unknown[],
): void {
  if (!allowed.includes(spec[field])) {
    const list = allowed.map((value) => JSON.stringify(value)).join(' or ');
    throw new TypeError(`${wrong(spec, field)} ${list}, got ${describe(spec[field])}`);
  }
}

function wrong(spec: ChildSpec, field: string): string {
  return `Expected ${field} of child ${describe(spec.id)} to be`;
}
