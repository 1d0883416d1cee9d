import {
  type AliasMode,
  type ExitReason,
  isAlive,
  killed,
  noproc,
  type Pid,
  type Ref,
} from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import { type Due, goesFirst, isSame, isUrgent, Peer } from './peer.ts';

/** A monitor, and the alias that it may have. */
interface Watch {
  readonly owner: Peer;
  readonly target: Peer;
  alias: AliasMode | undefined;
  isOn: boolean;
}

/**
 * Links, monitors, aliases and exit signals, by the rules of Erlang: which process ends by the end
 * of which other, and the messages that each gets. The runtime is compared with it after each step.
 */
export class SignalRules {
  readonly peers: Map<Pid, Peer> = new Map();
  readonly #watches: Map<Ref, Watch> = new Map();
  readonly #verdict: Verdict;
  readonly #now: () => number;

  /** `now`: in ms. */
  constructor(verdict: Verdict, now: () => number) {
    this.#verdict = verdict;
    this.#now = now;
  }

  get living(): readonly Peer[] {
    return [...this.peers.values()].filter(({ lives }) => lives);
  }

  born(pid: Pid): Peer {
    const peer = this.peers.get(pid) ?? new Peer(pid);
    this.peers.set(pid, peer);
    return peer;
  }

  says(from: Peer, to: Peer, of: number, type: 'words' | 'urgent' = 'words'): void {
    this.#expect(to, { type, from, of, at: this.#now() });
  }

  /** Words to an alias. Some aliases end with the first. */
  saysToAlias(from: Peer, ref: Ref, of: number): void {
    const watch = this.#watches.get(ref);
    if (watch?.alias !== undefined) {
      this.says(from, watch.owner, of);
      if (watch.alias === 'replyDemonitor') {
        this.#off(watch);
      }
    }
  }

  links(one: Peer, other: Peer): void {
    if (one === other) {
      return;
    }
    if (other.lives) {
      one.links.add(other);
      other.links.add(one);
    } else {
      this.signals(other, one, noproc);
    }
  }

  unlinks(one: Peer, other: Peer): void {
    one.links.delete(other);
    other.links.delete(one);
  }

  monitors(owner: Peer, target: Peer, ref: Ref, alias: AliasMode | undefined): void {
    const isOn = owner !== target;
    const watch = { owner, target, alias: isOn ? alias : undefined, isOn };
    this.#watches.set(ref, watch);
    owner.refs.push(ref);
    if (isOn && !target.lives) {
      this.#tellsOfEnd(ref, watch, noproc);
    }
  }

  /** Whether the monitor was on. */
  demonitors(ref: Ref, flush: boolean): boolean {
    const watch = this.#watches.get(ref);
    const wasOn = watch?.isOn === true;
    if (watch !== undefined && wasOn) {
      this.#off(watch);
    }
    if (watch !== undefined && flush) {
      watch.owner.due = watch.owner.due.filter(({ of }) => of !== ref);
    }
    return wasOn;
  }

  /** Whether the alias was on. */
  unaliases(ref: Ref): boolean {
    const watch = this.#watches.get(ref);
    const wasOn = watch?.alias !== undefined;
    if (watch !== undefined) {
      watch.alias = undefined;
    }
    return wasOn;
  }

  /** An exit signal: by a link, or sent by `exit`. Only one that is sent can kill. */
  signals(from: Peer, to: Peer, reason: ExitReason, isSent = false): void {
    if (!to.lives) {
      return;
    }
    if (isSent && reason.type === 'kill') {
      this.#ends(to, killed);
    } else if (to.trapsExits) {
      this.#expect(to, { type: 'EXIT', from, of: undefined, reason });
    } else if (reason.type !== 'normal' || (isSent && from === to)) {
      this.#ends(to, reason);
    }
  }

  /** A process has ended: by a signal, which the rules know of, or by its own code. */
  ended(peer: Peer, reason: ExitReason): void {
    const cause = peer.reason ?? peer.intended;
    this.#verdict.expect(reason === cause, () => {
      return `${peer.name} ended with ${reason.type}, and not with ${String(cause?.type)}`;
    });
    if (peer.lives) {
      this.#ends(peer, reason);
    }
  }

  /** A process takes a message. `isPicked`: by a receive that looks for words. */
  takes(to: Peer, message: Due, isPicked = false): void {
    const at = to.due.findIndex((due) => isSame(due, message));
    const told = `${to.name} took ${message.type} of ${message.from.name}`;
    this.#verdict.expect(at >= 0, () => `${told}, which was not due`);
    const early = to.due.find((due, index) =>
      index < at ? goesFirst(due, message, isPicked) : !isPicked && isUrgent(due, message),
    );
    this.#verdict.expect(early === undefined, () => `${told} before ${String(early?.type)}`);
    to.due.splice(Math.max(0, at), 1);
  }

  /** A receive has waited for words in vain. Those of this very instant may be too late for it. */
  takesNothing(to: Peer): void {
    const missed = to.due.find(({ at = Infinity }) => at < this.#now());
    this.#verdict.expect(missed === undefined, () => {
      return `${to.name} missed ${String(missed?.type)}`;
    });
  }

  /** After each step. */
  check(): void {
    for (const { pid, name, lives, reason } of this.peers.values()) {
      this.#verdict.expect(isAlive(pid) === lives, () => {
        return lives ? `${name} ended without a cause` : `${name} survived ${reason?.type}`;
      });
    }
    this.#verdict.check();
  }

  /** With nothing left to happen, everything that was due has come. */
  settled(): void {
    for (const { name, due } of this.living) {
      const missing = due.map(({ type, from }) => `${type} of ${from.name}`).join(', ');
      this.#verdict.expect(missing === '', () => `${name} did not get ${missing}`);
    }
    this.#verdict.check();
  }

  #ends(peer: Peer, reason: ExitReason): void {
    peer.reason = reason;
    peer.due = [];
    for (const [ref, watch] of this.#watches) {
      if (watch.owner === peer) {
        watch.isOn = false;
        watch.alias = undefined;
      } else if (watch.target === peer && watch.isOn) {
        this.#tellsOfEnd(ref, watch, reason);
      }
    }
    for (const other of peer.links) {
      this.unlinks(peer, other);
      this.signals(peer, other, reason);
    }
  }

  #tellsOfEnd(ref: Ref, watch: Watch, reason: ExitReason): void {
    this.#off(watch);
    this.#expect(watch.owner, { type: 'DOWN', from: watch.target, of: ref, reason });
  }

  #off(watch: Watch): void {
    watch.isOn = false;
    if (watch.alias !== 'explicitUnalias') {
      watch.alias = undefined;
    }
  }

  #expect(to: Peer, due: Due): void {
    if (to.lives) {
      to.due.push(due);
    }
  }
}
