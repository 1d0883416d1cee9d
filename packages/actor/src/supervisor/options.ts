import { assertChildSpec, type ChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import { type Intensity, intensityOf } from './intensity.ts';
import type { AutoShutdown, Strategy } from './rules.ts';

/** The options of a static supervisor. */
export interface SupervisorOptions<Specs extends readonly ChildSpec[] = readonly ChildSpec[]>
  extends Partial<Intensity>, ChildExitOptions {
  readonly strategy: Strategy;
  /** Started in this order, each when the one before it is up; shut down in the reverse order. */
  readonly children: Specs;
  /** Default: `never`. */
  readonly autoShutdown?: AutoShutdown;
}

export const supervisorKeys: KeysOf<SupervisorOptions> = {
  strategy: true,
  children: true,
  autoShutdown: true,
  onChildExit: true,
  maxRestarts: true,
  maxSeconds: true,
};

/** A child that has ended by itself, and is not restarted. */
export interface ChildExit {
  readonly id: string;
  /** The process that has ended. */
  readonly pid: Pid;
  /** Why it ended; when attempts to restart it failed, why the last of them did. */
  readonly reason: ExitReason;
}

export interface ChildExitOptions {
  /**
   * Called when a child has ended by itself and is not restarted, because its `restart` says no or
   * because the supervisor gives up. Not called for children that the supervisor shuts down. It
   * only watches: an error that it throws, or that its promise rejects with, is reported, and
   * changes nothing.
   */
  readonly onChildExit?: (exit: ChildExit) => void;
}

/**
 * Complete and checked, without the children.
 * @see OTP manual, `supervisor:sup_flags()`
 */
export interface SupervisorFlags extends Intensity, ChildExitOptions {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
}

export interface CheckedOptions extends SupervisorFlags {
  readonly children: readonly ChildSpec[];
}

/**
 * The options with their defaults. Throws a `TypeError` or `RangeError` that names the first thing
 * wrong with them.
 */
export function checkedOptions(options: SupervisorOptions): CheckedOptions {
  const { strategy, children, autoShutdown = 'never' } = options;
  assertOneOf('Expected strategy to be', strategy, ['oneForOne', 'oneForAll', 'restForOne']);
  assertOneOf('Expected autoShutdown to be', autoShutdown, [
    'never',
    'anySignificant',
    'allSignificant',
  ]);
  const common = { ...intensityOf(options), ...childExitOptionsOf(options) };
  if (!Array.isArray(children)) {
    throw new TypeError(
      `Expected children to be an array of child specs, got ${describe(children)}`,
    );
  }
  assertChildren(children, autoShutdown);
  return { ...common, strategy, autoShutdown, children };
}

/** Throws a `TypeError` for an `onChildExit` that is not a function. */
export function childExitOptionsOf({ onChildExit }: ChildExitOptions): ChildExitOptions {
  if (onChildExit === undefined) {
    return {};
  }
  if (typeof onChildExit !== 'function') {
    throw new TypeError(
      `Expected onChildExit to be a function (exit) => void, got ${describe(onChildExit)}`,
    );
  }
  return { onChildExit };
}

function assertChildren(specs: readonly ChildSpec[], autoShutdown: AutoShutdown): void {
  const ids = new Set<string>();
  for (const spec of specs) {
    assertChildSpec(spec);
    const problem = significanceProblem(spec, autoShutdown);
    if (problem !== undefined) {
      throw new TypeError(problem);
    }
    if (ids.has(spec.id)) {
      throw new TypeError(`Expected children with different ids, got ${describe(spec.id)} twice`);
    }
    ids.add(spec.id);
  }
}

/** Why a supervisor cannot have this significant child; `undefined` if it can. */
export function significanceProblem(
  spec: ChildSpec,
  autoShutdown: AutoShutdown,
): string | undefined {
  if (!spec.significant) {
    return undefined;
  }
  const child = `the significant child ${describe(spec.id)}`;
  if (spec.restart === 'permanent') {
    return `Expected ${child} to be transient or temporary, got "permanent"`;
  }
  return autoShutdown === 'never'
    ? `Expected autoShutdown to be "anySignificant" or "allSignificant" for ${child}, got "never"`
    : undefined;
}
