import {
  type Action,
  type ExitError,
  GenServer,
  noreply,
  type NoReply,
  type Pid,
  type Process,
  type Reply,
  reply,
} from '@reprise/actor';

import type { Note, Setting, After } from './asks.ts';
import type { Ticket } from './rules.ts';

interface Held {
  readonly from: GenServer.From<unknown>;
  readonly ticket: Ticket;
}

/** The state of a server: the work that it has begun, and the callback that must come next. */
export class Desk {
  readonly setting: Setting;
  readonly self: Process;
  #held: readonly Held[] = [];
  /** It must continue with this before it takes a message. */
  #next: number | undefined = undefined;
  /** When its idle timeout is due, in ms. */
  #idleAt = Infinity;
  #continues = 0;
  #isBusy = false;

  constructor(setting: Setting, self: Process) {
    this.setting = setting;
    this.self = self;
    if (setting.mailbox !== undefined) {
      setting.rules.bounds(self.pid);
    }
    self.signal.addEventListener('abort', () => {
      setting.rules.ends(self.pid, (self.signal.reason as ExitError).reason);
    });
  }

  /** A message that has a place among those of its sender. */
  takes(sender: Pid, place: number): void {
    this.#begins();
    this.setting.rules.takes(sender, this.self.pid, place);
  }

  notes({ sender, place, after, ms }: Note): NoReply<Desk, number> {
    this.takes(sender, place);
    return this.noreply(after, ms);
  }

  idles(): NoReply<Desk, number> {
    const now = this.self.system.clock.now();
    this.#expect(this.#idleAt <= now, () => `timed out before ${this.#idleAt}`);
    this.#begins();
    return this.noreply('rest', 0);
  }

  goesOn(value: number): NoReply<Desk, number> {
    this.#expect(this.#next === value, () => `continued with ${value}, and not ${this.#next}`);
    this.#next = undefined;
    this.#begins();
    return this.noreply('rest', 0);
  }

  /** Keeps a call, to answer it later. */
  holds(ticket: Ticket, from: GenServer.From<unknown>): void {
    this.#held = [...this.#held, { from, ticket }];
  }

  /** Answers all calls that it has kept. */
  releases(): NoReply<Desk, number> {
    this.#begins();
    for (const { from, ticket } of this.#held) {
      GenServer.reply(from, this.setting.rules.answers(ticket, true));
    }
    this.#held = [];
    return this.noreply('rest', 0);
  }

  /** The callback is over: its answer. */
  noreply(after: After, ms: number): NoReply<Desk, number> {
    const action = this.#ends(after, ms);
    return action === undefined ? noreply(this) : noreply(this, action);
  }

  /** As `noreply`. */
  reply(value: unknown, after: After, ms: number): Reply<unknown, Desk, number> {
    const action = this.#ends(after, ms);
    return action === undefined ? reply(value, this) : reply(value, this, action);
  }

  #ends(after: After, ms: number): Action<number> | undefined {
    this.#isBusy = false;
    if (after === 'continue') {
      this.#continues += 1;
      this.#next = this.#continues;
      return { continue: this.#next };
    }
    if (after === 'timeout') {
      this.#idleAt = this.self.system.clock.now() + ms;
      return { timeout: ms };
    }
    return after === 'hibernate' ? { hibernate: true } : undefined;
  }

  #begins(): void {
    const { suspended } = this.setting;
    this.#expect(!suspended.has(this.self.pid), () => 'took a message while it was suspended');
    this.#expect(!this.#isBusy, () => 'began a callback within another');
    this.#expect(this.#next === undefined, () => 'took a message before it continued');
    this.#isBusy = true;
    this.#idleAt = Infinity;
  }

  #expect(holds: boolean, broken: () => string): void {
    this.setting.verdict.expect(holds, () => `${String(this.self.pid)} ${broken()}`);
  }
}
