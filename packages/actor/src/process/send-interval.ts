import { describe } from '../describe.ts';
import type { Destination } from './address.ts';
import { type Pid } from './pid.ts';
import { SendTimer, type TimerRef } from './send-after.ts';

/**
 * Sends `message` every `ms` milliseconds, the first time after `ms`, until `cancelTimer` or the
 * end of the receiver. A name is looked up each time; when no process has it, the message is
 * dropped.
 *
 * Due times are multiples of `ms` from the start: a late message does not delay the next one. When
 * several fall due while the thread is busy, one message is sent for all of them.
 * @throws RangeError unless `ms` is a whole number from 1 on
 * @see OTP manual, `timer:send_interval/3`
 * @example
 * ```ts
 * import { cancelTimer, createSystem, sendInterval, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const pid = spawn<string>(system, async (self) => {
 *   resolve((await self.receive()) + (await self.receive()));
 * });
 * const ref = sendInterval(pid, 'tick', 5);
 * console.log(await promise); // ticktick
 * cancelTimer(ref);
 * await system.stop();
 * ```
 */
export function sendInterval<Message>(
  to: Destination<Pid<Message>>,
  message: NoInfer<Message>,
  ms: number,
): TimerRef {
  if (!Number.isSafeInteger(ms) || ms < 1) {
    throw new RangeError(`Expected a whole number of milliseconds from 1 on, got ${describe(ms)}`);
  }
  const timer = new IntervalTimer(to, message, ms);
  timer.start(ms);
  return timer as unknown as TimerRef;
}

class IntervalTimer extends SendTimer {
  readonly #ms: number;

  constructor(to: Destination, message: unknown, ms: number) {
    super(to, message);
    this.#ms = ms;
  }

  override fire(): void {
    super.fire();
    const late = this.clock.now() - this.due;
    this.startAt(this.due + this.#ms * (Math.floor(late / this.#ms) + 1));
  }
}
