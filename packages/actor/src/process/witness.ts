import type { ExitReason } from './exit-reason.ts';
import type { Pid } from './pid.ts';

/**
 * Is told of the events of a system, at the moment when they happen, by a direct call. All methods
 * are optional. They run in the middle of the runtime's own work: they should be quick, and only
 * record. `before`: the process that the child ran as before, if there was one. A supervisor that
 * has ended tells nothing more of its children.
 */
export interface Witness {
  /** A process has started. It has not run yet, and has no name. */
  started?(pid: Pid, parent: Pid | undefined): void;
  /**
   * The code of a process has failed: it ends with this reason, unless its `terminate` changes it.
   * `details`: the other fields of the report of the crash, such as `lastMessage` and `state` of a
   * server. They are not bounded, and may hold secrets: see `shown`.
   */
  crashed?(pid: Pid, reason: ExitReason, details: object): void;
  /**
   * A process has ended. It has taken `handled` messages, and held the thread for `busy` ms, the
   * turn in which it ends left out. Its exit signals are not sent yet, and its facets can still be
   * read. `by`: the process whose end it follows at once, by a link for example.
   */
  ended?(pid: Pid, reason: ExitReason, handled: number, busy: number, by: Pid | undefined): void;
  /** A supervisor is about to start a child: the first process that it makes now is probably it. */
  childStarting?(supervisor: Pid, id: string, before: Pid | undefined): void;
  /** A child of a supervisor runs, for the first time or again. */
  childStarted?(supervisor: Pid, id: string, pid: Pid, before: Pid | undefined): void;
  /** The start of a child has failed: the first, or a restart. */
  childFailed?(supervisor: Pid, id: string, before: Pid | undefined, reason: ExitReason): void;
  /**
   * A supervisor is to restart a child that has ended, or whose start has failed, and counts that
   * against `maxRestarts`. Children that are restarted along with it count no further restart.
   */
  childRestarts?(supervisor: Pid, id: string, before: Pid | undefined, reason: ExitReason): void;
  /** The restart of a child waits for its delay, in ms. */
  childWaits?(supervisor: Pid, id: string, before: Pid | undefined, delay: number): void;
  /** A supervisor has shut a child down: for a restart of its group, or for good. */
  childShutDown?(supervisor: Pid, id: string, pid: Pid, reason: ExitReason): void;
  /** A supervisor has forgotten a child, which does not run and is not restarted. */
  childRemoved?(supervisor: Pid, id: string, before: Pid | undefined): void;
  /** A supervisor has given up because of a child. `why` names the child, and the last reason. */
  gaveUp?(supervisor: Pid, id: string, before: Pid | undefined, why: string): void;
  /** A process has held the thread for longer than the `slowCallback` of its system, in ms. */
  slow?(pid: Pid, ms: number): void;
  /** The mailbox of a process was full: a message was dropped or rejected. */
  dropped?(pid: Pid): void;
  /** A call had no answer in time. */
  callTimedOut?(pid: Pid, request: string): void;
  /** A process tells a fact about itself: see `note`. */
  noted?(pid: Pid, kind: string, fact: unknown): void;
}

type ArgsOf<Name extends keyof Witness> = Parameters<NonNullable<Witness[Name]>>;

/** Calls the method of that name of each witness. */
type Tell = <Name extends keyof Witness>(name: Name, ...args: ArgsOf<Name>) => void;

type AnyMethod = (...args: readonly unknown[]) => void;

/** The witnesses of a system. A system has no such object while no witness watches it. */
export class Witnesses {
  /** Replaced as a whole: a witness may come or go while all are told. */
  #all: readonly Witness[] = [];
  readonly #failed: (error: unknown) => void;

  /** `failed`: is given the error of a witness, which gets no event any more. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  add(witness: Witness): void {
    this.#all = [...this.#all, witness];
  }

  remove(witness: Witness): void {
    this.#all = this.#all.filter((one) => one !== witness);
  }

  readonly tell: Tell = ((
    name: keyof Witness,
    a: unknown,
    b: unknown,
    c: unknown,
    d: unknown,
    e: unknown,
  ) => {
    // No rest parameter: it would make an array for each start and each end.
    for (const witness of this.#all) {
      try {
        (witness[name] as AnyMethod | undefined)?.call(witness, a, b, c, d, e);
      } catch (error) {
        this.remove(witness);
        this.#failed(error);
      }
    }
  }) as Tell;
}
