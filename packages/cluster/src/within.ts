import type { Clock, TimeoutHandle } from '@reprise/actor';

export interface TimeLimit {
  readonly clock: Clock;
  /** In ms. */
  readonly timeout: number;
  /** Of whom the answer is: `the store`. */
  readonly of: string;
}

/** @throws Error if there is no answer within `timeout` ms */
export async function within<Answer>(answer: Promise<Answer>, limit: TimeLimit): Promise<Answer> {
  const { clock, timeout, of } = limit;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = startTimer(clock, timeout, () => {
    reject(new Error(`Expected an answer of ${of} within ${timeout} ms, got none`));
  });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clock.clearTimeout(timer);
  }
}

/**
 * After the thread was held, timers fire before the answers that have arrived meanwhile are read.
 * So a timer that is late lets I/O in first.
 */
function startTimer(clock: Clock, ms: number, callback: () => void): TimeoutHandle {
  const due = clock.now() + ms;
  return clock.setTimeout(() => {
    if (clock.now() > due && clock.setImmediate !== undefined) {
      clock.setImmediate(callback);
    } else {
      callback();
    }
  }, ms);
}
