import type { Clock } from '@reprise/actor';

export interface TimeLimit {
  readonly clock: Clock;
  /** In ms. */
  readonly timeout: number;
  /** Of whom the answer is: `the store`. */
  readonly of: string;
}

/** @throws Error if there is no answer within `timeout` ms */
export async function within<Answer>(answer: Promise<Answer>, limit: TimeLimit): Promise<Answer> {
  const { clock, timeout } = limit;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = startTimer(clock, timeout, () => {
    reject(noAnswer(limit));
  });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    stop();
  }
}

export function noAnswer({ timeout, of }: Omit<TimeLimit, 'clock'>): Error {
  return new Error(`Expected an answer of ${of} within ${timeout} ms, got none`);
}

/** A signal that aborts with that error, unless it is stopped before. */
export function abortAfter(limit: TimeLimit): {
  readonly signal: AbortSignal;
  readonly stop: Stop;
} {
  const controller = new AbortController();
  const stop = startTimer(limit.clock, limit.timeout, () => {
    controller.abort(noAnswer(limit));
  });
  return { signal: controller.signal, stop };
}

type Stop = () => void;

/**
 * Calls back after `ms`. After the thread was held, timers fire before the answers that have
 * arrived meanwhile are read. So a timer that is late lets I/O in first.
 */
export function startTimer(clock: Clock, ms: number, callback: () => void): Stop {
  let isStopped = false;
  const stop = start(clock, ms, (late) => {
    if (late > 0 && clock.setImmediate !== undefined) {
      clock.setImmediate(() => {
        if (!isStopped) {
          callback();
        }
      });
    } else {
      callback();
    }
  });
  return () => {
    isStopped = true;
    stop();
  };
}

/**
 * The same for work of several steps, each of which needs the thread: time in which the thread was
 * held does not count.
 */
export function startTimerOfSteps(clock: Clock, ms: number, callback: () => void): Stop {
  let stop = start(clock, ms, function expire(late) {
    if (late < 1) {
      callback();
    } else {
      stop = start(clock, late, expire);
    }
  });
  return () => stop();
}

/** `callback` gets how many ms it is late. */
function start(clock: Clock, ms: number, callback: (late: number) => void): Stop {
  const due = clock.now() + ms;
  const timer = clock.setTimeout(() => {
    callback(clock.now() - due);
  }, ms);
  return () => {
    clock.clearTimeout(timer);
  };
}
