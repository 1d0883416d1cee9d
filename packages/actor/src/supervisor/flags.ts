import { assertChildSpec, type ChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertIntensity, type Intensity } from './intensity.ts';
import type { AutoShutdown, Strategy } from './rules.ts';

/** How a supervisor treats its children, complete and checked. */
export interface Rules extends Intensity {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
}

/** What a supervisor is to be: OTP's flags and child specs. */
export interface Flags extends Rules {
  readonly children: readonly ChildSpec[];
}

/** Throws a `TypeError` or `RangeError` for what no supervisor can be. */
export function assertFlags(flags: Flags): void {
  const { strategy, children, autoShutdown } = flags;
  assertOneOf('strategy', strategy, ['oneForOne', 'oneForAll', 'restForOne']);
  assertOneOf('autoShutdown', autoShutdown, ['never', 'anySignificant', 'allSignificant']);
  assertIntensity(flags);
  if (!Array.isArray(children)) {
    throw new TypeError(
      `Expected children to be an array of child specs, got ${describe(children)}`,
    );
  }
  assertChildren(children, autoShutdown);
}

function assertChildren(specs: readonly ChildSpec[], autoShutdown: AutoShutdown): void {
  const ids = new Set<string>();
  for (const spec of specs) {
    assertChildSpec(spec);
    const problem = combinationProblem(spec, autoShutdown);
    if (problem !== undefined) {
      throw new TypeError(problem);
    }
    if (ids.has(spec.id)) {
      throw new TypeError(`Expected children with different ids, got ${describe(spec.id)} twice`);
    }
    ids.add(spec.id);
  }
}

/**
 * What is wrong with a child that would be right under another supervisor; `undefined` when nothing
 * is.
 */
export function combinationProblem(
  spec: ChildSpec,
  autoShutdown: AutoShutdown,
): string | undefined {
  if (!spec.significant) {
    return undefined;
  }
  const child = `the significant child ${describe(spec.id)}`;
  if (spec.restart === 'permanent') {
    return `Expected ${child} to be transient or temporary, got "permanent" (string)`;
  }
  return autoShutdown === 'never'
    ? `Expected autoShutdown to be "anySignificant" or "allSignificant" for ${child}, got "never" (string)`
    : undefined;
}

function assertOneOf(what: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    const list = allowed.map((one) => `'${one}'`).join(' or ');
    throw new TypeError(`Expected ${what} to be ${list}, got ${describe(value)}`);
  }
}
