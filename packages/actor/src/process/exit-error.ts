import { setBrand, isA } from '../brand.ts';
import { isInstance } from '../shown/reading.ts';
import { crash, type ExitReason, nocatch } from './exit-reason.ts';
import { failedStart, formatReason } from './format-reason.ts';

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
    const { children, more, why } = failedStart(reason);
    // As the cause, its stack is printed, too.
    const cause = 'error' in why ? { cause: why.error } : undefined;
    super(`${what}: ${branches(children, more)}${formatReason(why)}`, cause);
    this.name = 'ExitError';
    this.reason = reason;
  }

  /** True for the errors of other copies of this package, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isA(value, this);
  }
}

/** One below the other, as in the listing of a directory; the reason follows the last. */
function branches(children: readonly string[], more: number): string {
  const shown = more === 0 ? children : [...children, `… ${more} more`];
  const lines = shown.map((text, depth) => `\n${'    '.repeat(depth)}└── ${text}`);
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

  /** As for `ExitError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isA(value, this);
  }
}

/** The exit reason of a process whose code threw this value and did not catch it. */
export function reasonOf(thrown: unknown): ExitReason {
  if (isInstance(thrown, ExitRequest)) {
    return thrown.reason;
  }
  return isInstance(thrown, Error) ? crash(thrown) : nocatch(thrown);
}
