import { setBrand, isA } from '../brand.ts';
import { describe } from '../describe.ts';
import type { Clock } from '../host/clock.ts';
import { assertDelay, Timer } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { type Destination, find, runtimeOf } from './address.ts';
import { type Cell, cellOfProcess, findCell, type Runtime } from './cell.ts';
import { type Pid, Ref } from './pid.ts';
import type { Process } from './process.ts';

declare const timer: unique symbol;

/** A message that will be sent later; equal to itself alone. */
export interface TimerRef {
  readonly [timer]: true;
}

/** The message of `startTimer`: its content, and the timer that it comes from. */
export interface TimeoutMessage<out Message = unknown> {
  readonly type: 'timeout';
  readonly ref: TimerRef;
  readonly message: Message;
}

/**
 * The result of `cancelTimer` with `async`: the milliseconds that were left, or `false` when the
 * message had been sent or cancelled before.
 */
export interface CancelTimerMessage {
  readonly type: 'cancelTimer';
  readonly ref: TimerRef;
  readonly result: number | false;
}

export interface TimerOptions {
  /**
   * The time is absolute: a time of the system's clock (`system.clock.now()`), and not a delay. A
   * time that has passed means now. Default: false.
   */
  readonly abs?: boolean;
}

const timerKeys: KeysOf<TimerOptions> = { abs: true };

export interface CancelTimerOptions {
  /** Returns nothing; this process receives a message `{ type: 'cancelTimer', ref, result }`. */
  readonly async?: Process;
  /** With `false` there is neither a return value nor a message. Default: true. */
  readonly info?: false;
}

const cancelTimerKeys: KeysOf<CancelTimerOptions> = { async: true, info: true };

/**
 * Sends `message` once, after `time` milliseconds of the system's clock, never inside this call. A
 * name is looked up when the message is sent. The message is dropped if the receiver has ended by
 * then, if no process has the name, or if the address cannot be resolved; the end of the sender
 * changes nothing.
 * @throws RangeError unless `time` is a whole number from 0 on, or, with `abs`, a finite number
 * @see OTP manual, `erlang:send_after/4`
 * @example
 * ```ts
 * import { createSystem, sendAfter, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const pid = spawn<string>(system, async (self) => {
 *   resolve(await self.receive());
 * });
 * sendAfter(pid, 'hello', 10);
 * console.log(await promise); // hello
 * await system.stop();
 * ```
 */
export function sendAfter<Message>(
  to: Destination<Pid<Message>>,
  message: NoInfer<Message>,
  time: number,
  options?: TimerOptions,
): TimerRef {
  return startedTimer('sendAfter', new SendTimer(to, message), time, options);
}

/**
 * As `sendAfter`, but the message is `{ type: 'timeout', ref, message }`: a process that has
 * cancelled its timer and started another sees by `ref` from which of them a message comes.
 * @throws as `sendAfter` does
 * @see OTP manual, `erlang:start_timer/4`
 * @example
 * ```ts
 * import { createSystem, spawn, startTimer, type TimeoutMessage } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * spawn<TimeoutMessage<string>>(system, async (self) => {
 *   const ref = startTimer(self.pid, 'tea', 10);
 *   const timeout = await self.receive();
 *   resolve(timeout.ref === ref ? timeout.message : 'another one');
 * });
 * console.log(await promise); // tea
 * await system.stop();
 * ```
 */
export function startTimer<Message>(
  to: Destination<Pid<Message>>,
  message: NoInfer<TimeoutOf<Message>>,
  time: number,
  options?: TimerOptions,
): TimerRef {
  return startedTimer('startTimer', new TimeoutTimer(to, message), time, options);
}

/** The content of the timeout messages that a process with messages `Message` accepts. */
type TimeoutOf<Message> = unknown extends Message
  ? unknown
  : ContentOf<Extract<Message, { readonly type: 'timeout'; readonly ref: TimerRef }>>;

type ContentOf<Timeout> = Timeout extends { readonly message: infer Content } ? Content : never;

function startedTimer(
  name: string,
  timer: SendTimer,
  time: number,
  options: TimerOptions = {},
): TimerRef {
  assertKnownKeys(name, options, timerKeys);
  const { abs = false } = options;
  if (abs) {
    assertTime(time);
    timer.startAt(time);
  } else {
    assertDelay(time);
    timer.start(time);
  }
  return timer as unknown as TimerRef;
}

/**
 * Cancels a timer, of an interval for good. Returns the milliseconds that were left, or `false`
 * when the message had been sent or cancelled before. Any process may cancel any timer. A message
 * that is already in the mailbox stays there.
 * @throws TypeError for anything but a timer
 * @see OTP manual, `erlang:cancel_timer/2`, `timer:cancel/1`
 * @example
 * ```ts
 * import { cancelTimer, createSystem, sendAfter, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => console.log(await self.receive()));
 * const ref = sendAfter(pid, 'never', 60_000);
 * console.log(cancelTimer(ref) !== false); // true
 * console.log(cancelTimer(ref)); // false
 * await system.stop();
 * ```
 */
export function cancelTimer(ref: TimerRef): number | false;
export function cancelTimer(ref: TimerRef, options: CancelTimerOptions): void;
export function cancelTimer(ref: TimerRef, options?: CancelTimerOptions): number | false | void {
  if (options !== undefined) {
    assertKnownKeys('cancelTimer', options, cancelTimerKeys);
  }
  const result = timerOf(ref)?.cancel() ?? false;
  if (options === undefined) {
    return result;
  }
  const { async: receiver, info = true }: { async?: Process; info?: boolean } = options;
  if (receiver !== undefined && info) {
    const message: CancelTimerMessage = { type: 'cancelTimer', ref, result };
    cellOfProcess(receiver, 'async').pushSystem(message);
  }
  return undefined;
}

/**
 * The milliseconds that are left, rounded up, or `false` when the message was sent or cancelled.
 * The timer runs on.
 * @throws TypeError for anything but a timer
 * @see OTP manual, `erlang:read_timer/1`
 * @example
 * ```ts
 * import { cancelTimer, createSystem, readTimer, sendAfter, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => console.log(await self.receive()));
 * const ref = sendAfter(pid, 'never', 60_000);
 * console.log(readTimer(ref) !== false); // true
 * cancelTimer(ref);
 * console.log(readTimer(ref)); // false
 * await system.stop();
 * ```
 */
export function readTimer(ref: TimerRef): number | false {
  return timerOf(ref)?.read() ?? false;
}

/** `undefined` for a ref of another kind, that of a monitor. */
function timerOf(ref: TimerRef): SendTimer | undefined {
  const found: unknown = ref;
  if (isA(found, SendTimer) || isA(found, Ref)) {
    return isA(found, SendTimer) ? found : undefined;
  }
  throw new TypeError(
    `Expected a timer of sendAfter, startTimer or sendInterval, got ${describe(ref)}`,
  );
}

function assertTime(time: unknown): void {
  if (!Number.isFinite(time)) {
    throw new RangeError(`Expected a time on the system's clock, got ${describe(time)}`);
  }
}

/** The class of `TimerRef`. */
export class SendTimer extends Timer {
  static {
    setBrand(this, 'timer');
  }

  readonly #runtime: Runtime;
  readonly #to: Destination;
  readonly #message: unknown;
  /** The receiver, if it was given by its pid and not by a name. */
  readonly #cell: Cell | undefined;

  constructor(to: Destination, message: unknown) {
    super();
    this.#to = to;
    this.#message = message;
    this.#cell = findCell(to);
    this.#runtime = runtimeOf(to);
  }

  start(ms: number): void {
    if (this.#cell?.isAlive !== false) {
      this.#cell?.addTimer(this);
      this.#runtime.timers.start(this, ms);
    }
  }

  startAt(time: number): void {
    this.start(time - this.clock.now());
  }

  cancel(): number | false {
    this.#cell?.removeTimer(this);
    return this.#runtime.timers.cancel(this);
  }

  read(): number | false {
    return this.#runtime.timers.read(this);
  }

  fire(): void {
    this.#cell?.removeTimer(this);
    this.#receiver()?.push(this.message());
  }

  /** `undefined` for an address that cannot be resolved now, such as one of zero partitions. */
  #receiver(): Cell | undefined {
    try {
      return this.#cell ?? find(this.#to);
    } catch {
      return undefined;
    }
  }

  protected get clock(): Clock {
    return this.#runtime.clock;
  }

  protected message(): unknown {
    return this.#message;
  }
}

class TimeoutTimer extends SendTimer {
  protected override message(): TimeoutMessage {
    return { type: 'timeout', ref: this as unknown as TimerRef, message: super.message() };
  }
}
