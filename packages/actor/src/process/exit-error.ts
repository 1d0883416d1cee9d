import { crash, type ExitReason, isExitReason, nocatch } from './exit-reason.ts';
import { formatReason } from './format-reason.ts';

/**
 * A call whose server died before it answered, or a start that failed: `reason` says why. Of a
 * supervisor that did not start, because of a child, perhaps of a child of its own, the message
 * shows which one as a tree. The error that somebody threw is the `cause`.
 */
export class ExitError extends Error {
  readonly reason: ExitReason;

  constructor(reason: ExitReason, what = 'process exited') {
    const { children, why } = failedStart(reason);
    // The error that ended the other process is the cause, so that both stacks are printed.
    const cause = 'error' in why ? { cause: why.error } : undefined;
    super(`${what}: ${branches(children)}${formatReason(why)}`, cause);
    this.name = 'ExitError';
    this.reason = reason;
  }
}

/**
 * The children, from above, of which each did not start because of the next, and why the last did
 * not.
 */
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

/** A supervisor that did not start has the reason in its `shutdown`. */
function failedChild(
  reason: ExitReason,
): Extract<ExitReason, { readonly type: 'failedToStartChild' }> | undefined {
  const inner = reason.type === 'shutdown' ? reason.detail : reason;
  return isExitReason(inner) && inner.type === 'failedToStartChild' ? inner : undefined;
}

/** One below the other, as in the listing of a directory; what follows stands behind the last. */
function branches(children: readonly string[]): string {
  const lines = children.map((id, depth) => `\n${'    '.repeat(depth)}└── ${id}`);
  return lines.length === 0 ? '' : `a child failed to start${lines.join('')}: `;
}

/** What `exit(self, reason)` throws: uncaught, it ends its process with exactly that reason. */
export class ExitRequest extends ExitError {
  constructor(reason: ExitReason) {
    super(reason, 'exit');
  }
}

/** A call that was not answered in time. The server was not disturbed and may still do the work. */
export class TimeoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TimeoutError';
  }
}

/** The exit reason of a process whose code threw `thrown` and did not catch it. */
export function reasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof ExitRequest) {
    return thrown.reason;
  }
  return thrown instanceof Error ? crash(thrown) : nocatch(thrown);
}
