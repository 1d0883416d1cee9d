import { setBrand, isA } from '../brand.ts';
import { crash, type ExitReason, isExitReason, nocatch } from './exit-reason.ts';
import { formatReason } from './format-reason.ts';

/**
 * A process ended before it answered a call, or a start failed: `reason` says why. When a
 * supervisor did not start because a child failed, the message shows the path to that child as a
 * tree. The error that was thrown, if any, is the `cause`.
 */
export class ExitError extends Error {
  static {
    setBrand(this, 'ExitError');
  }

  readonly reason: ExitReason;

  constructor(reason: ExitReason, what = 'process exited') {
    const { children, why } = failedStart(reason);
    // As the cause, its stack is printed, too.
    const cause = 'error' in why ? { cause: why.error } : undefined;
    super(`${what}: ${branches(children)}${formatReason(why)}`, cause);
    this.name = 'ExitError';
    this.reason = reason;
  }

  /** True for the errors of other copies of this package, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isA(value, this);
  }
}

/** The path of children from the top, each of which failed because of the next, and the reason. */
function failedStart(reason: ExitReason): {
  readonly children: readonly string[];
  readonly why: ExitReason;
} {
  const children: string[] = [];
  let why = reason;
  for (let failed = failedChild(why); failed !== undefined; failed = failedChild(why)) {
    children.push(failed.id);
    why = failed.reason;
  }
  return { children, why };
}

/** A supervisor that fails to start ends with `shutdown`, and the reason in its detail. */
function failedChild(
  reason: ExitReason,
): Extract<ExitReason, { readonly type: 'failedToStartChild' }> | undefined {
  const inner = reason.type === 'shutdown' ? reason.detail : reason;
  return isExitReason(inner) && inner.type === 'failedToStartChild' ? inner : undefined;
}

/** One below the other, as in the listing of a directory; the reason follows the last. */
function branches(children: readonly string[]): string {
  const lines = children.map((id, depth) => `\n${'    '.repeat(depth)}└── ${id}`);
  return lines.length === 0 ? '' : `a child failed to start${lines.join('')}: `;
}

/** Thrown by `exit(self, reason)`: if not caught, it ends the process with exactly that reason. */
export class ExitRequest extends ExitError {
  static {
    setBrand(this, 'ExitRequest');
  }

  constructor(reason: ExitReason) {
    super(reason, 'exit');
  }
}

/** A call was not answered in time. The server does not know, and may still do the work. */
export class TimeoutError extends Error {
  static {
    setBrand(this, 'TimeoutError');
  }

  constructor(message: string) {
    super(message);
    this.name = 'TimeoutError';
  }

  /** As of `ExitError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isA(value, this);
  }
}

/** The exit reason of a process whose code threw this value and did not catch it. */
export function reasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof ExitRequest) {
    return thrown.reason;
  }
  return thrown instanceof Error ? crash(thrown) : nocatch(thrown);
}
