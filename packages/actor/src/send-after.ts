import { type Destination, find, NamedAddress } from './name.ts';
import { describe, type Pid } from './pid.ts';
import type { Cell, Runtime } from './process.ts';
import { assertDelay, Timer } from './timers.ts';

declare const timer: unique symbol;

/** A message that is to be sent later. */
export interface TimerRef {
  readonly [timer]: true;
}

class SendTimer extends Timer {
  readonly runtime: Runtime;
  readonly #to: Destination;
  readonly #message: unknown;
  /** The process that it is for, if it was started for a process and not for a name. */
  readonly #cell: Cell | undefined;

  constructor(to: Destination, message: unknown) {
    super();
    const address: unknown = to;
    this.#to = to;
    this.#message = message;
    this.#cell = address instanceof NamedAddress ? undefined : find(to);
    this.runtime = (address instanceof NamedAddress ? address : (this.#cell as Cell)).runtime;
  }

  start(ms: number): void {
    if (this.#cell?.isAlive !== false) {
      this.#cell?.addTimer(this);
      this.runtime.timers.start(this, ms);
    }
  }

  cancel(): number | false {
    this.#cell?.removeTimer(this);
    return this.runtime.timers.stop(this);
  }

  fire(): void {
    this.#cell?.removeTimer(this);
    find(this.#to)?.push(this.#message);
  }
}

/**
 * Sends `message` once, `ms` milliseconds from now on the system's clock, however far away; asynchronously even for 0. A name is looked up when the
 * time has come. It is dropped when its process ends first, or nobody has the name; the end of whoever started it changes nothing.
 *
 * Throws a `RangeError` unless `ms` is a whole number from 0 on.
 * @see OTP manual, `erlang:send_after/3`
 */
export function sendAfter<Message>(
  to: Destination<Pid<Message>>,
  message: NoInfer<Message>,
  ms: number,
): TimerRef {
  assertDelay(ms);
  const timer = new SendTimer(to as Destination, message);
  timer.start(ms);
  return timer as unknown as TimerRef;
}

/** Takes the message back: the milliseconds that were left, or `false` when it was sent or taken back before. Anybody may. */
export function cancelTimer(ref: TimerRef): number | false {
  return timerOf(ref).cancel();
}

/** The milliseconds that are left, or `false` when it was sent or taken back. */
export function readTimer(ref: TimerRef): number | false {
  const timer = timerOf(ref);
  return timer.runtime.timers.read(timer);
}

function timerOf(ref: TimerRef): SendTimer {
  const found: unknown = ref;
  if (!(found instanceof SendTimer)) {
    throw new TypeError(`Expected what sendAfter returned, got ${describe(ref)}`);
  }
  return found;
}
