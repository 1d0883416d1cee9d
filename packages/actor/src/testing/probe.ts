import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { Cell } from '../process/cell.ts';
import { type ExitReason } from '../process/exit-reason.ts';
import { formatReason } from '../process/format-reason.ts';
import { type Pid, Ref } from '../process/pid.ts';
import type { DownMessage, ExitMessage, Process } from '../process/process.ts';
import { parentOf } from '../process/spawn.ts';
import { isEqual } from './equal.ts';
import { settle } from './system.ts';

export interface ProbeOptions {
  /**
   * Whether exit signals become messages. Default: false, as for any process: an abnormal signal
   * ends the probe.
   */
  readonly trapExit?: boolean;
}

const probeKeys: KeysOf<ProbeOptions> = { trapExit: true };

/** A value that is to equal the message, or a function that is to be true of it. */
export type Expected<Message> = Message | ((message: Message) => boolean);

/** A process that keeps its messages until the test expects them. */
export interface Probe<in out Message = unknown> {
  readonly pid: Pid<Message>;
  /** The probe as a process: it can link, monitor, and be a parent. */
  readonly self: Process<Message>;
  /**
   * The messages that the test has not taken yet, oldest first. It grows while the system runs: see
   * `settle`.
   */
  readonly messages: readonly Message[];
  /**
   * Lets the system settle, then takes the oldest message that matches `expected` and resolves with
   * it; the others stay, as in a selective receive. Arrays, plain objects and errors are compared
   * by their content, all other values (pids, instances of classes) by identity.
   *
   * Rejects with an `Error` that shows all messages when none matches.
   */
  expectMessage<Match extends Message>(
    expected: (message: Message) => message is Match,
  ): Promise<Match>;
  expectMessage(expected: Expected<Message>): Promise<Message>;
  /**
   * Lets the system settle; rejects with an `Error` that shows the messages if there are any that
   * the test has not taken.
   */
  expectNothing(): Promise<void>;
  /**
   * As `expectMessage`, for the EXIT message of `pid`, with this reason or with any. Only a probe
   * that traps exits receives one.
   */
  expectExit(pid: Pid, reason?: Expected<ExitReason>): Promise<ExitMessage>;
  /**
   * As `expectMessage`, for the DOWN message of a process or of one monitor, with this reason or
   * with any.
   */
  expectDown(target: Pid | Ref, reason?: Expected<ExitReason>): Promise<DownMessage>;
}

/**
 * A process that acts and receives for a test: it keeps every message, EXIT and DOWN included.
 * `parent` is usually the system; the two are not linked.
 * @throws ExitError `noproc` when `parent` has ended
 * @see Elixir, `ExUnit.Assertions.assert_receive/3`, its model
 * @example
 * ```ts
 * import { monitor, normal, send, spawn } from '@reprise/actor';
 * import { createProbe, createTestSystem } from '@reprise/actor/testing';
 *
 * const system = createTestSystem();
 * const probe = createProbe<string>(system);
 * const echo = spawn<string>(system, async (self) => {
 *   send(probe.pid, `${await self.receive()} again`);
 * });
 * const ref = monitor(probe.self, echo);
 *
 * send(echo, 'hello');
 * await probe.expectMessage('hello again');
 * await probe.expectDown(ref, normal);
 * await probe.expectNothing();
 * ```
 */
export function createProbe<Message = unknown>(
  parent: Process,
  options: ProbeOptions = {},
): Probe<Message> {
  assertKnownKeys('createProbe', options, probeKeys);
  return new ProbeProcess(parentOf(parent), options.trapExit === true) as unknown as Probe<Message>;
}

type Matches = (message: unknown) => boolean;

class ProbeProcess extends Cell implements Probe {
  #messages: unknown[] = [];

  constructor(parent: Cell, traps: boolean) {
    super(parent.runtime, parent);
    this.trapExit = traps;
  }

  get self(): Process<unknown> {
    return this;
  }

  get messages(): readonly unknown[] {
    return this.#messages;
  }

  protected turn(): boolean {
    while (this.mailbox.length > 0) {
      this.#messages.push(this.mailbox.shift());
    }
    return false;
  }

  protected failed(): boolean {
    return false;
  }

  protected ended(): void {}

  /** The messages that the test has not taken count as still in the mailbox. */
  override flush(matches: Matches): void {
    super.flush(matches);
    this.#messages = this.#messages.filter((message) => !matches(message));
  }

  expectMessage(expected: unknown): Promise<never> {
    return this.#take(matcherOf(expected), show(expected)) as Promise<never>;
  }

  async expectNothing(): Promise<void> {
    await settle(this.system);
    if (this.#messages.length > 0) {
      this.#fail('nothing');
    }
  }

  expectExit(pid: Pid, reason?: Expected<ExitReason>): Promise<ExitMessage> {
    return this.#takeSignal({ type: 'EXIT', pid }, reason) as Promise<ExitMessage>;
  }

  expectDown(target: Pid | Ref, reason?: Expected<ExitReason>): Promise<DownMessage> {
    const which = isA(target, Ref) ? { ref: target } : { pid: target };
    return this.#takeSignal({ type: 'DOWN', ...which }, reason) as Promise<DownMessage>;
  }

  #takeSignal(fields: object, reason: Expected<ExitReason> | undefined): Promise<unknown> {
    const wanted: object = reason === undefined ? fields : { ...fields, reason };
    return this.#take((message) => hasFields(message, wanted), show(wanted));
  }

  async #take(matches: Matches, wanted: string): Promise<unknown> {
    await settle(this.system);
    const at = this.#messages.findIndex(matches);
    return at < 0 ? this.#fail(wanted) : this.#messages.splice(at, 1)[0];
  }

  #fail(wanted: string): never {
    const got = this.#messages.map((message) => `\n  ${show(message)}`).join('') || ' nothing';
    const end = this.reason && `\nThe probe has ended: ${formatReason(this.reason)}`;
    throw new Error(`Expected ${wanted}, got:${got}${end ?? ''}`);
  }
}

function matcherOf(expected: unknown): Matches {
  return typeof expected === 'function'
    ? (expected as Matches)
    : (message) => isEqual(message, expected);
}

function hasFields(message: unknown, fields: object): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    Object.entries(fields).every(([key, value]) => matcherOf(value)(Reflect.get(message, key)))
  );
}

/** On one line, without a limit: the message of a failed test must show the whole value. */
function show(value: unknown): string {
  try {
    return JSON.stringify(value, showable) ?? String(value);
  } catch {
    return describe(value);
  }
}

/** Values that JSON has no text for, or leaves out, as text. */
function showable(_key: string, value: unknown): unknown {
  const isText =
    value instanceof Error ||
    isA(value, Ref) ||
    (typeof value === 'number' && !Number.isFinite(value)) ||
    ['bigint', 'function', 'symbol', 'undefined'].includes(typeof value);
  return isText ? String(value) : value;
}
