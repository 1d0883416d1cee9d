import type { System } from '@reprise/actor';

import { findGate, gateOf, type Turn } from '../budget/origin-gate.ts';
import { parsedUrl } from '../http/parsed-url.ts';
import type { SseRequest } from '../http/request.ts';

/**
 * The place of a client's attempts among those of other clients that return to the same origin. Its
 * first attempt needs none.
 */
export class OriginTurn {
  readonly #system: System;
  /** The origin of the last request. */
  #origin: string | undefined = undefined;
  #turn: Turn | undefined = undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether the next attempt needs no turn. */
  get isFree(): boolean {
    return this.#origin === undefined;
  }

  /** 1 if other attempts go first: the timer is short, and leads into their queue. Else 0. */
  get ahead(): number {
    const gate = this.#origin === undefined ? undefined : findGate(this.#system, this.#origin);
    return gate === undefined || gate.isOpen ? 0 : 1;
  }

  /** The request is sent: the next attempt returns to its origin. */
  sent(request: SseRequest): void {
    this.#origin = originOf(request);
  }

  /** Calls back when it is this client's turn. */
  enter(callback: () => void): void {
    if (this.#origin !== undefined) {
      this.#turn = gateOf(this.#system, this.#origin).enter(callback);
    }
  }

  /** The attempt begins, with a turn of its own or at once. */
  begin(): void {
    if (this.#origin !== undefined) {
      this.#turn ??= gateOf(this.#system, this.#origin).begin();
    }
  }

  leave(): void {
    this.#turn?.leave();
    this.#turn = undefined;
  }
}

/** `undefined` for a request that can never be sent. */
function originOf(request: SseRequest): string | undefined {
  return parsedUrl((request as Partial<SseRequest> | null)?.url)?.origin;
}
