import { ExitError, type ExitReason, isAlive, type Pid } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';

/** The end of one call or request, as its caller sees it. */
export type Outcome =
  | { readonly type: 'reply'; readonly value: unknown }
  | { readonly type: 'timeout' }
  | { readonly type: 'error'; readonly reason: ExitReason };

/** The value of an answer. A call takes the first one alone. */
export interface Answer {
  readonly ticket: Ticket;
  readonly at: number;
  /** Nothing could come between this answer and its caller. */
  readonly isSure: boolean;
}

/** One call or request. */
export class Ticket {
  readonly number: number;
  readonly sender: Pid;
  readonly server: Pid;
  /** Which message of the sender to the server it is, from 1 on. */
  readonly place: number;
  /** The server had ended before. */
  readonly hadEnded: boolean;
  /** When its caller stops waiting, in ms. */
  deadline = Infinity;
  /** Its server has begun to handle it. */
  isTaken = false;
  answer: Answer | undefined = undefined;
  settledAt: number | undefined = undefined;

  constructor(number: number, sender: Pid, server: Pid, place: number) {
    this.number = number;
    this.sender = sender;
    this.server = server;
    this.place = place;
    this.hadEnded = !isAlive(server);
  }

  toString(): string {
    return `call ${this.number} of ${String(this.sender)} to ${String(this.server)}`;
  }
}

/** How many messages a sender has sent to a receiver, and how many that has taken. */
interface Channel {
  readonly receiver: Pid;
  sent: number;
  taken: number;
}

/**
 * The rules of calls and casts: each call has one outcome, by its own answer, its timeout or the
 * end of its server; the messages of a sender to a receiver come in order, and all of them.
 */
export class CallRules {
  readonly #tickets: Ticket[] = [];
  readonly #channels: Map<string, Channel> = new Map();
  readonly #ends: Map<Pid, ExitReason> = new Map();
  /** Servers whose mailbox may be full: then it drops messages. */
  readonly #bounded: Set<Pid> = new Set();
  readonly #verdict: Verdict;
  readonly #now: () => number;

  constructor(verdict: Verdict, now: () => number) {
    this.#verdict = verdict;
    this.#now = now;
  }

  bounds(server: Pid): void {
    this.#bounded.add(server);
  }

  /** A message is about to be sent; returns its place among those of the sender. */
  sends(sender: Pid, receiver: Pid): number {
    const channel = this.#channel(sender, receiver);
    if (isAlive(receiver)) {
      channel.sent += 1;
    }
    return channel.sent;
  }

  asks(sender: Pid, server: Pid, timeout: number): Ticket {
    const ticket = new Ticket(this.#tickets.length, sender, server, this.sends(sender, server));
    ticket.deadline = this.#now() + timeout;
    this.#tickets.push(ticket);
    return ticket;
  }

  takes(sender: Pid, receiver: Pid, place: number): void {
    const channel = this.#channel(sender, receiver);
    channel.taken =
      this.#bounded.has(receiver) && place > channel.taken ? place : channel.taken + 1;
    this.#verdict.expect(channel.taken === place, () => {
      return `${String(receiver)} took message ${place} of ${String(sender)} as number ${channel.taken}`;
    });
  }

  /** Returns the value to answer with. */
  answers(ticket: Ticket, isSure: boolean): Answer {
    // One that comes after the end of the server is too late.
    const answer = { ticket, at: this.#now(), isSure: isSure && isAlive(ticket.server) };
    ticket.answer ??= answer;
    return answer;
  }

  settles(ticket: Ticket, outcome: Outcome): void {
    const again = ticket.settledAt !== undefined;
    this.#verdict.expect(!again, () => `${String(ticket)} settled twice`);
    ticket.settledAt = this.#now();
    if (outcome.type === 'reply') {
      this.#gets(ticket, outcome.value as Answer);
    } else {
      this.#misses(ticket, outcome);
    }
  }

  /** Waits for the outcome of a call. */
  async follow(ticket: Ticket, call: Promise<unknown>): Promise<void> {
    this.settles(ticket, await outcomeOf(call));
  }

  ends(server: Pid, reason: ExitReason): void {
    this.#ends.set(server, reason);
  }

  /** After a while: each call was taken by its server, or refused. */
  taken(): void {
    for (const ticket of this.#tickets) {
      const isOver = ticket.isTaken || ticket.settledAt !== undefined || !isAlive(ticket.server);
      this.#verdict.expect(isOver, () => `${String(ticket)} was neither taken nor refused`);
    }
  }

  /** With nothing left to happen: no caller waits, and no message to the living. */
  settled(): void {
    for (const ticket of this.#tickets) {
      const isSettled = ticket.settledAt !== undefined;
      this.#verdict.expect(isSettled, () => `${String(ticket)} never settled`);
    }
    for (const [names, { receiver, sent, taken }] of this.#channels) {
      const isDue = isAlive(receiver) && !this.#bounded.has(receiver);
      this.#verdict.expect(!isDue || sent === taken, () => {
        return `${names}: ${sent} messages were sent, ${taken} were taken`;
      });
    }
    this.#verdict.check();
  }

  #gets(ticket: Ticket, value: Answer | undefined): void {
    this.#verdict.expect(value?.ticket === ticket, () => {
      return `${String(ticket)} got the answer of ${String(value?.ticket)}`;
    });
    const isFirst = value === ticket.answer;
    this.#verdict.expect(isFirst, () => `${String(ticket)} got an answer that was not the first`);
  }

  #misses(ticket: Ticket, outcome: Exclude<Outcome, { readonly type: 'reply' }>): void {
    const { answer, deadline } = ticket;
    const isLost = answer?.isSure === true && answer.at < deadline;
    this.#verdict.expect(!isLost, () => `${String(ticket)} lost its answer: ${outcome.type}`);
    if (outcome.type === 'timeout' || outcome.reason.type === 'callCycle') {
      const isEarly = this.#now() < deadline;
      this.#verdict.expect(!isEarly, () => `${String(ticket)} timed out before ${deadline}`);
    } else {
      this.#fails(ticket, outcome.reason);
    }
  }

  #fails(ticket: Ticket, reason: ExitReason): void {
    if (reason.type === 'mailboxOverflow' && this.#bounded.has(ticket.server)) {
      return;
    }
    const end = ticket.hadEnded ? 'noproc' : this.#ends.get(ticket.server)?.type;
    this.#verdict.expect(reason.type === end, () => {
      return `${String(ticket)} failed with ${reason.type}, and its server: ${end}`;
    });
  }

  #channel(sender: Pid, receiver: Pid): Channel {
    const names = `${String(sender)} to ${String(receiver)}`;
    const channel = this.#channels.get(names) ?? { receiver, sent: 0, taken: 0 };
    this.#channels.set(names, channel);
    return channel;
  }
}

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { type: 'reply', value: await call };
  } catch (thrown) {
    return thrown instanceof ExitError
      ? { type: 'error', reason: thrown.reason }
      : { type: 'timeout' };
  }
}
