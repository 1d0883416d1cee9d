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

/** A process whose code is a function: it takes its messages itself. */
export interface Receiver<in out Message> extends Process<Message> {
  /**
   * Takes the oldest message that `match` is true of, or the oldest of all, waiting for it if need
   * be. What does not match stays, in order.
   *
   * `timeout`, in ms (default `Infinity`): answers `undefined` if no such message is there by then;
   * with 0 it does not wait.
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

/** The code of a process: it ends `normal` when this returns, and as a crash when this throws. */
export type ProcessFunction<Message> = (self: Receiver<Message>) => void | Promise<void>;

export interface SpawnOptions {
  /** Bounds how many messages may wait. Default: no bound. */
  readonly mailbox?: MailboxOptions;
}

/**
 * Starts a process that runs `body`, and returns its pid before `body` has begun. `parent` says
 * which system it belongs to, and nothing more: the two are not linked.
 *
 * Throws an `ExitError` (`noproc`) when `parent` has ended.
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
  return create(parent, body, options).pid as Pid<Message>;
}

/**
 * `spawn`, linked to `parent` from the first instant: however soon the process ends, `parent` has
 * its exit signal.
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
  const cell = create(parent, body, options);
  cellOfProcess(parent, 'parent').link(cell);
  return cell.pid as Pid<Message>;
}

/**
 * `spawn`, monitored by `parent` from the first instant.
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
  const cell = create(parent, body, options);
  const owner = cellOfProcess(parent, 'parent');
  const ref = new MonitorRef(owner, { pid: cell.pid }, 'DOWN', undefined);
  owner.monitor(cell, ref);
  return { pid: cell.pid as Pid<Message>, ref };
}

/**
 * The parent of a new process. A process that has ended starts nothing: its code may still be
 * running after an `await`.
 */
export function parentOf(parent: Process): Cell {
  const cell = cellOfProcess(parent, 'parent');
  if (!cell.isAlive) {
    throw new ExitError(noproc, 'the parent has ended');
  }
  return cell;
}

function create<Message>(
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

/** A `receive` that found nothing yet. Messages before `scanned` are known not to match. */
class Waiting extends Timer {
  readonly match: Match;
  readonly resolve: (message: unknown) => void;
  readonly reject: (thrown: unknown) => void;
  /** Whether it takes what is there, and waits for nothing. */
  readonly isImpatient: boolean;
  readonly fire: () => void;
  scanned = 0;

  constructor(
    match: Match,
    { resolve, reject }: PromiseWithResolvers<unknown>,
    isImpatient: boolean,
    giveUp: () => void,
  ) {
    super();
    this.match = match;
    this.resolve = resolve;
    this.reject = reject;
    this.isImpatient = isImpatient;
    this.fire = giveUp;
  }
}

const any: Match = () => true;

class FunctionProcess extends Cell implements Receiver<unknown> {
  #body: ProcessFunction<unknown> | undefined;
  #waiting: Waiting | undefined = undefined;

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
    // What it takes, it handles before anybody else has a turn.
    this.runtime.scheduler.yieldToMicrotasks(this);
    const waiting = this.#waiting;
    return waiting !== undefined && (waiting.isImpatient || waiting.scanned < this.mailbox.length);
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
    // Left pending for ever: the function does not go on.
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
      this.#waiting = new Waiting(match, result, timeout === 0, () => {
        this.#giveUp();
      });
      if (timeout > 0 && timeout < Infinity) {
        this.runtime.timers.start(this.#waiting, timeout);
      }
      // Looked for in a turn, like everything else: a chain of receives that find something at once
      // must not starve the rest.
      if (this.status === 'idle') {
        this.wake();
      }
    }
    return result.promise;
  }

  /** The time is up; but a message that is there is there. */
  #giveUp(): void {
    if (this.#waiting !== undefined) {
      this.#offer(this.#waiting);
      this.#settle()?.resolve(undefined);
    }
  }

  /** Gives a receive the first message that it has not seen and that matches. */
  #offer(waiting: Waiting): void {
    const { mailbox } = this;
    try {
      for (; waiting.scanned < mailbox.length; waiting.scanned += 1) {
        if (waiting.match(mailbox.at(waiting.scanned))) {
          const message = mailbox.removeAt(waiting.scanned);
          this.#settle()?.resolve(message);
          return;
        }
      }
      if (waiting.isImpatient) {
        this.#settle()?.resolve(undefined);
      }
    } catch (thrown) {
      this.#settle()?.reject(thrown);
    }
  }

  /** Messages were taken out of the mailbox behind its back. */
  override flush(matches: (message: unknown) => boolean): void {
    super.flush(matches);
    if (this.#waiting !== undefined) {
      this.#waiting.scanned = 0;
    }
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      this.runtime.timers.stop(waiting);
    }
    return waiting;
  }
}
