import { oneOfAll } from '../brand.ts';
import type { AnyChildSpec, Restart } from '../child-spec.ts';
import { type ExitReason, isAbnormal } from '../process/exit-reason.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Child, Children } from './children.ts';

/** The action of a supervisor when a child has ended: none, a report, or a report and a restart. */
export type Consequence = 'none' | 'report' | 'restart';

/**
 * The restart types, one row each.
 * @see OTP manual, `supervisor:restart()`
 */
const consequences: Readonly<
  Record<Restart, { readonly orderly: Consequence; readonly abnormal: Consequence }>
> = {
  permanent: { orderly: 'restart', abnormal: 'restart' },
  transient: { orderly: 'none', abnormal: 'restart' },
  temporary: { orderly: 'none', abnormal: 'report' },
};

/** The consequence when a child ends for `reason`: `normal` and `shutdown` are orderly ends. */
export function consequenceOf({ restart }: AnyChildSpec, reason: ExitReason): Consequence {
  return consequences[restart][isAbnormal(reason) ? 'abnormal' : 'orderly'];
}

/**
 * The children that are restarted together when one ends: that child alone (`oneForOne`), all
 * (`oneForAll`), or that child and those started after it (`restForOne`).
 * @see OTP manual, `supervisor:strategy()`
 */
export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne';

/** The children that are restarted together when `child` ends, in start order. */
export function restartGroup(
  strategy: Strategy,
  child: Child,
  children: Children,
): readonly Child[] {
  switch (strategy) {
    case 'oneForOne':
      return [child];
    case 'oneForAll':
      return children.inStartOrder;
    case 'restForOne':
      return children.from(child);
    default:
      return strategy satisfies never;
  }
}

/**
 * Whether a supervisor shuts itself down when a significant child has ended and is not restarted:
 * never, after any of them, or after the last of them.
 * @see OTP manual, `supervisor`, "Automatic Shutdown"
 */
export type AutoShutdown = 'never' | 'anySignificant' | 'allSignificant';

/** Whether the end of `child`, which is not restarted, shuts its supervisor down. */
export function isAutoShutdown(
  autoShutdown: AutoShutdown,
  child: Child,
  children: Children,
): boolean {
  switch (autoShutdown) {
    case 'never':
      return false;
    case 'anySignificant':
      return child.spec.significant;
    case 'allSignificant':
      return child.spec.significant && !children.inStartOrder.some(isSignificantAndAlive);
    default:
      return autoShutdown satisfies never;
  }
}

function isSignificantAndAlive({ spec, pid }: Child): boolean {
  return spec.significant && pid !== undefined;
}

/**
 * Why a supervisor ends that has restarted its children too often. OTP gives plain `shutdown`, and
 * this equals it; it is recognized by identity, which holds because no exit reason is copied on its
 * way through the links. `text` says which child failed, and why; `failure` is the reason of that.
 */
export function giveUp(text: string, failure: ExitReason): ExitReason {
  const reason: ExitReason = { type: 'shutdown' };
  giveUps.set(reason, { text, failure });
  return reason;
}

/** Of all copies of this package: a program of one may have a supervisor of another at its top. */
const giveUps: WeakMap<ExitReason, { readonly text: string; readonly failure: ExitReason }> =
  /* @__PURE__ */ oneOfAll('supervisors that gave up', () => new WeakMap());

/** Whether it is the reason of a supervisor that gave up, and not of one that was shut down. */
export function isGiveUp(reason: ExitReason): boolean {
  return giveUps.has(reason);
}

/**
 * For a supervisor that gave up, the last failure for which it did, through all supervisors below
 * it that gave up; otherwise the reason itself.
 */
export function causeOf(reason: ExitReason): ExitReason {
  const failure = giveUps.get(reason)?.failure;
  return failure === undefined ? reason : causeOf(failure);
}

/** A reason in one line; of a supervisor that gave up, which of its children failed, and why. */
export function explain(reason: ExitReason): string {
  return giveUps.get(reason)?.text ?? formatReason(reason);
}
