import { describe } from '../describe.ts';
import { assertTimeout, Timer } from '../host/timers.ts';
import { Cell, cellOfProcess } from './cell.ts';
import { reportCrash } from './crash-report.ts';
import { ExitError, reasonOf } from './exit-error.ts';
import { noproc, normal } from './exit-reason.ts';
import { BoundedMailbox, type Mailbox, type MailboxOptions } from './mailbox.ts';
import { MonitorRef } from './monitor-ref.ts';
import { type Pid, type Ref } from './pid.ts';
import type { Process } from './process.ts';

/** A process that runs a function, which takes the messages itself. */
export interface Receiver<in out Message> extends Process<Message> {
  /**
   * Resolves with the oldest message that matches, or with the oldest of all, as soon as there is
   * one, and takes it out of the mailbox. The others stay, in order.
   *
   * `timeout`, in ms (default `Infinity`): resolves with `undefined` if there is no such message by
   * then; with 0 it does not wait.
   * @throws an `Error` while an earlier `receive` still waits.
   * @see Erlang reference manual, "Expressions", section "Receive"
   */
  receive(options: { readonly timeout: number }): Promise<Message | undefined>;
  receive<Match extends Message>(match: (message: Message) => message is Match): Promise<Match>;
  receive(match?: (message: Message) => boolean): Promise<Message>;
  receive<Match extends Message>(
    match: (message: Message) => message is Match,
    options: { readonly timeout: number },
  ): Promise<Match | undefined>;
  receive(
    match: ((message: Message) => boolean) | undefined,
    options: { readonly timeout: number },
  ): Promise<Message | undefined>;
}

/** The code of a process: when it returns the process ends `normal`, when it throws as a crash. */
export type ProcessFunction<Message> = (self: Receiver<Message>) => void | Promise<void>;

export interface SpawnOptions {
  /** Limits how many messages may wait. Default: no limit. */
  readonly mailbox?: MailboxOptions;
}

/**
 * Starts a process that runs `body`, and returns its pid before `body` has begun. The process
 * belongs to the system of `parent`; the two are not linked.
 * @throws an `ExitError` (`noproc`) when `parent` has ended.
 * @see Erlang reference manual, "Processes"
 * @example
 * ```ts
 * import { createSystem, send, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => {
 *   const urgent = await self.receive((text) => text.endsWith('!'));
 *   console.log(urgent, await self.receive()); // fire! good morning
 * });
 * send(pid, 'good morning');
 * send(pid, 'fire!');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawn<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): Pid<Message> {
  return startProcess(parent, body, options).pid as Pid<Message>;
}

/**
 * `spawn` and `link` in one step: `parent` gets the exit signal even if the process ends at once.
 * @throws an `ExitError` (`noproc`) when `parent` has ended.
 * @see OTP manual, `erlang:spawn_link/1`
 * @example
 * ```ts
 * import { createSystem, type ExitMessage, shutdownWith, spawn, spawnLink, trapExit, exit, formatReason } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<ExitMessage>(system, async (self) => {
 *   trapExit(self, true);
 *   spawnLink(self, (child) => exit(child, shutdownWith('done')));
 *   console.log(formatReason((await self.receive()).reason)); // shutdown: "done" (string)
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawnLink<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): Pid<Message> {
  const cell = startProcess(parent, body, options);
  cellOfProcess(parent, 'parent').link(cell);
  return cell.pid as Pid<Message>;
}

/**
 * `spawn` and `monitor` in one step: `parent` gets the DOWN message even if the process ends at once.
 * @throws an `ExitError` (`noproc`) when `parent` has ended.
 * @see OTP manual, `erlang:spawn_monitor/1`
 * @example
 * ```ts
 * import { createSystem, type DownMessage, spawn, spawnMonitor } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<DownMessage>(system, async (self) => {
 *   const { ref } = spawnMonitor(self, () => {});
 *   const down = await self.receive();
 *   console.log(down.ref === ref, down.reason.type); // true normal
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawnMonitor<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): { readonly pid: Pid<Message>; readonly ref: Ref } {
  const cell = startProcess(parent, body, options);
  const owner = cellOfProcess(parent, 'parent');
  const ref = new MonitorRef(owner, { pid: cell.pid }, 'DOWN', undefined);
  owner.monitor(cell, ref);
  return { pid: cell.pid as Pid<Message>, ref };
}

/**
 * The parent of a new process. Throws an `ExitError` for one that has ended: its code may go on
 * after an `await`, but may not start processes.
 */
export function parentOf(parent: Process): Cell {
  const cell = cellOfProcess(parent, 'parent');
  if (!cell.isAlive) {
    throw new ExitError(noproc, 'the parent has ended');
  }
  return cell;
}

function startProcess<Message>(
  parent: Process,
  body: ProcessFunction<Message>,
  { mailbox }: SpawnOptions = {},
): Cell {
  if (typeof body !== 'function') {
    throw new TypeError(`Expected a function (self) => …, got ${describe(body)}`);
  }
  const cell = new FunctionProcess(
    parentOf(parent),
    body as ProcessFunction<unknown>,
    mailbox && new BoundedMailbox(mailbox),
  );
  cell.wake();
  return cell;
}

type Match = (message: unknown) => boolean;

/** A `receive` that waits for a message. The first `scanned` messages are known not to match. */
class PendingReceive extends Timer {
  readonly match: Match;
  readonly resolve: (message: unknown) => void;
  readonly reject: (thrown: unknown) => void;
  /** With a timeout of 0: it looks at the mailbox once. */
  readonly looksOnce: boolean;
  readonly fire: () => void;
  scanned = 0;

  constructor(
    match: Match,
    { resolve, reject }: PromiseWithResolvers<unknown>,
    looksOnce: boolean,
    giveUp: () => void,
  ) {
    super();
    this.match = match;
    this.resolve = resolve;
    this.reject = reject;
    this.looksOnce = looksOnce;
    this.fire = giveUp;
  }
}

const any: Match = () => true;

class FunctionProcess extends Cell implements Receiver<unknown> {
  #body: ProcessFunction<unknown> | undefined;
  #waiting: PendingReceive | undefined = undefined;

  constructor(parent: Cell, body: ProcessFunction<unknown>, mailbox: Mailbox | undefined) {
    super(parent.runtime, parent, mailbox);
    this.#body = body;
  }

  protected turn(): boolean {
    if (this.#body !== undefined) {
      this.#start(this.#body);
    } else if (this.#waiting !== undefined) {
      this.#offer(this.#waiting);
    }
    // The message that it takes is handled in microtasks, before the next process has its turn.
    this.runtime.scheduler.yieldToMicrotasks(this);
    const waiting = this.#waiting;
    return waiting !== undefined && (waiting.looksOnce || waiting.scanned < this.mailbox.length);
  }

  #start(body: ProcessFunction<unknown>): void {
    this.#body = undefined;
    const running = body(this);
    if (running === undefined) {
      this.end(normal);
      return;
    }
    Promise.resolve(running).then(
      () => {
        this.end(normal);
      },
      (thrown: unknown) => {
        this.failed(thrown);
      },
    );
  }

  protected failed(thrown: unknown): void {
    if (this.isAlive) {
      const reason = reasonOf(thrown);
      if (reason.type === 'crash' || reason.type === 'nocatch') {
        reportCrash(this, reason);
      }
      this.end(reason);
    }
  }

  protected ended(): void {
    // A receive that waits never settles: the function does not go on.
    this.#settle();
    this.#body = undefined;
  }

  receive(
    first?: Match | { readonly timeout: number },
    second?: { readonly timeout: number },
  ): Promise<never> {
    const [match, options] = typeof first === 'function' ? [first, second] : [any, first ?? second];
    return this.#receive(match, options?.timeout ?? Infinity) as Promise<never>;
  }

  #receive(match: Match, timeout: number): Promise<unknown> {
    assertTimeout(timeout);
    if (this.#waiting !== undefined) {
      throw new Error(
        `${String(this.pid)} is already waiting in receive: await it before the next one`,
      );
    }
    const result = Promise.withResolvers<unknown>();
    if (this.isAlive) {
      this.#waiting = new PendingReceive(match, result, timeout === 0, () => {
        this.#giveUp();
      });
      if (timeout > 0 && timeout < Infinity) {
        this.runtime.timers.start(this.#waiting, timeout);
      }
      // It looks at the mailbox in a turn of its own: a chain of receives that each find a message
      // at once must not starve the other processes.
      if (this.status === 'idle') {
        this.wake();
      }
    }
    return result.promise;
  }

  /** Timed out, but a message may have come that its turn has not looked at yet. */
  #giveUp(): void {
    if (this.#waiting !== undefined) {
      this.#offer(this.#waiting);
      this.#settle()?.resolve(undefined);
    }
  }

  /** Gives a receive the first message that it has not looked at and that matches. */
  #offer(waiting: PendingReceive): void {
    const { mailbox } = this;
    try {
      for (; waiting.scanned < mailbox.length; waiting.scanned += 1) {
        if (waiting.match(mailbox.at(waiting.scanned))) {
          const message = mailbox.removeAt(waiting.scanned);
          this.#settle()?.resolve(message);
          return;
        }
      }
      if (waiting.looksOnce) {
        this.#settle()?.resolve(undefined);
      }
    } catch (thrown) {
      this.#settle()?.reject(thrown);
    }
  }

  /** Messages are removed from the mailbox: the receive looks at all that are left again. */
  override flush(matches: (message: unknown) => boolean): void {
    super.flush(matches);
    if (this.#waiting !== undefined) {
      this.#waiting.scanned = 0;
    }
  }

  #settle(): PendingReceive | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      this.runtime.timers.stop(waiting);
    }
    return waiting;
  }
}
