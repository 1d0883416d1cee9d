import type { Claim, CursorMove, OwnedStream } from '@reprise/cluster';
import type { NodeCore, Request } from '@reprise/cluster/core';

/** With so many strikes a stream is parked. */
export const mostStrikes = 5;
/** Each stream may be claimed again once, after a crash. */
const mostClaims = 8;

interface Beginning {
  readonly epoch: number;
  readonly process: string;
}

/**
 * What must hold, whatever happens: see docs/simulation.md. The first rule that is broken is kept,
 * and thrown by `check` between two steps.
 */
export class Judge {
  readonly #begun: Map<string, Beginning> = new Map();
  readonly #epochs: Map<string, number> = new Map();
  readonly #written: Map<string, number> = new Map();
  /** How many processes each stream has ended, less those of a new trial. */
  readonly #ended: Map<string, number> = new Map();
  #broken: string | undefined = undefined;
  /** Rows were lost: what was claimed meanwhile has two owners for a moment. */
  hasLostRows = false;

  check(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  expect(holds: boolean, broken: string): void {
    if (!holds) {
      this.#broken ??= broken;
    }
  }

  /** I1: a handler begins, in a process. */
  begins({ key, epoch }: OwnedStream, process: string): void {
    const last = this.#begun.get(key);
    this.#begun.set(key, { epoch, process });
    if (last !== undefined && !this.hasLostRows) {
      this.expect(epoch >= last.epoch, 'I1: a handler began after one of a greater epoch');
      const isOne = epoch !== last.epoch || process === last.process;
      this.expect(isOne, 'I1: handlers of one epoch began in two processes');
    }
  }

  /**
   * I6: a node that drains claims nothing. Nor does a node claim again and again without a look, or
   * begin another life while its lease is good.
   */
  asks(request: Request['type'], { phase, lease }: NodeCore, claims: number): void {
    const isQuiet = phase !== 'draining' || request !== 'claim';
    this.expect(isQuiet, 'I6: a node claims while it drains');
    this.expect(claims <= mostClaims, 'a node claims again and again without a look');
    const isNew = request !== 'join' || lease.deadline === undefined;
    this.expect(isNew, 'a node begins another life while its lease is good');
  }

  /** A client is stopped at once. */
  stops(isRight: boolean): void {
    const broken = 'a client was stopped at once whose stream is its own';
    this.expect(isRight || this.hasLostRows, broken);
  }

  /** A stream has ended its process. */
  ends(key: string): void {
    const count = (this.#ended.get(key) ?? 0) + 1;
    this.#ended.set(key, count);
    this.expect(count <= mostStrikes, 'L4: a stream has ended more processes than it has strikes');
  }

  /** A parked stream has other data, and is tried again. */
  retries(key: string): void {
    this.#ended.set(key, (this.#ended.get(key) ?? 0) - 1);
  }

  /** I2: each epoch is greater than all before it. */
  gave(claims: readonly Claim[]): void {
    for (const { key, epoch } of claims) {
      const last = this.#epochs.get(key) ?? 0;
      this.#epochs.set(key, Math.max(epoch, last));
      this.expect(epoch > last, 'I2: a claim gave an epoch that is not greater than all before');
    }
  }

  /** I3: a write was accepted or not, and should have been or not. */
  wrote({ key, epoch }: OwnedStream, isAccepted: boolean, isRight: boolean): void {
    this.expect(!isAccepted || isRight, 'I3: a write was accepted that is not of the owner');
    this.expect(isAccepted || !isRight, 'I3: a write of the owner was refused');
    if (isAccepted && !this.hasLostRows) {
      const last = this.#written.get(key) ?? 0;
      this.#written.set(key, epoch);
      this.expect(epoch >= last, 'I3: a write was accepted after one of a greater epoch');
    }
  }

  /** I4: the effects of a stream are 1, 2, 3 and so on, each once. */
  committed({ cursor }: CursorMove, effects: number): void {
    this.expect(Number(cursor) === effects + 1, 'I4: an effect came twice, or one was left out');
  }
}
