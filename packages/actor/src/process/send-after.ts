import { describe } from '../describe.ts';
import type { Clock } from '../host/clock.ts';
import { assertDelay, Timer } from '../host/timers.ts';
import { type Destination, find, NamedAddress } from './address.ts';
import { type Cell, cellOfProcess, type Runtime } from './cell.ts';
import { type Pid, Ref } from './pid.ts';
import type { Process } from './process.ts';

declare const timer: unique symbol;

/** A message that is to be sent later; equal to itself alone. */
export interface TimerRef {
  readonly [timer]: true;
}

/** What `startTimer` sends: the message, and which timer it comes from. */
export interface TimeoutMessage<out Message = unknown> {
  readonly type: 'timeout';
  readonly ref: TimerRef;
  readonly message: Message;
}

/**
 * What a process gets that has cancelled a timer with `async`: the milliseconds that were left, or
 * `false`.
 */
export interface CancelTimerMessage {
  readonly type: 'cancelTimer';
  readonly ref: TimerRef;
  readonly result: number | false;
}

export interface TimerOptions {
  /**
   * The time is a point on the system's clock (`system.clock.now()`), and not so many ms from now.
   * One that has passed is now. Default: false.
   */
  readonly abs?: boolean;
}

export interface CancelTimerOptions {
  /** Answers nothing; the process gets a message `{ type: 'cancelTimer', ref, result }`. */
  readonly async?: Process;
  /** Default: true. With `false` there is neither answer nor message. */
  readonly info?: false;
}

/**
 * Sends `message` once, `time` milliseconds from now on the system's clock, however far away;
 * asynchronously even for 0. A name is looked up when the time has come. It is dropped when its
 * process ends first, or nobody has the name; the end of whoever started it changes nothing.
 *
 * Throws a `RangeError` unless `time` is a whole number from 0 on, or, with `abs`, any finite
 * number.
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
  return start(new SendTimer(to as Destination, message), time, options);
}

/**
 * `sendAfter`, but what is sent is `{ type: 'timeout', ref, message }`: a process that has
 * cancelled its timer and started another knows by `ref` which one a message comes from.
 *
 * Throws as `sendAfter` does.
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
  return start(new TimeoutTimer(to as Destination, message), time, options);
}

/** What a process that accepts `Message` can be sent by `startTimer`. */
type TimeoutOf<Message> = unknown extends Message
  ? unknown
  : ContentOf<Extract<Message, { readonly type: 'timeout'; readonly ref: TimerRef }>>;

type ContentOf<Timeout> = Timeout extends { readonly message: infer Content } ? Content : never;

function start(timer: SendTimer, time: number, { abs = false }: TimerOptions = {}): TimerRef {
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
 * Takes the message back, and an interval's that would follow: the milliseconds that were left, or
 * `false` when it was sent or taken back before. Anybody may. A message that is in the mailbox
 * already stays there.
 *
 * Throws a `TypeError` for what is no reference.
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
  const result = timerOf(ref)?.cancel() ?? false;
  if (options === undefined) {
    return result;
  }
  const { async: asker, info = true }: { async?: Process; info?: boolean } = options;
  if (asker !== undefined && info) {
    const message: CancelTimerMessage = { type: 'cancelTimer', ref, result };
    cellOfProcess(asker, 'async').pushSystem(message);
  }
  return undefined;
}

/**
 * The milliseconds that are left, rounded up, or `false` when it was sent or taken back. The timer
 * is not disturbed.
 *
 * Throws a `TypeError` for what is no reference.
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

/** `undefined` for a reference to something else. */
function timerOf(ref: TimerRef): SendTimer | undefined {
  const found: unknown = ref;
  if (found instanceof SendTimer || found instanceof Ref) {
    return found instanceof SendTimer ? found : undefined;
  }
  throw new TypeError(
    `Expected what sendAfter, startTimer or sendInterval returned, got ${describe(ref)}`,
  );
}

function assertTime(time: unknown): void {
  if (!Number.isFinite(time)) {
    throw new RangeError(`Expected a time on the system's clock, got ${describe(time)}`);
  }
}

/** What a `TimerRef` is at run time. */
export class SendTimer extends Timer {
  readonly #runtime: Runtime;
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
    this.#runtime = (address instanceof NamedAddress ? address : (this.#cell as Cell)).runtime;
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
    find(this.#to)?.push(this.message());
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
