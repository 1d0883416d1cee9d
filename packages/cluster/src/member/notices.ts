import { loggerOf, type Process } from '@reprise/actor';

import type { Settings } from '../options/settings.ts';
import { textOf } from '../shown.ts';
import { HeldThread } from '../stream/held-thread.ts';
import type { Failure } from './failure.ts';

/** What a node tells people: warnings, and the last failure of its store. */
export class Notices {
  readonly heldThread: HeldThread = new HeldThread();
  lastFailure: Failure | undefined = undefined;
  readonly #self: Process;
  readonly #settings: Settings;

  constructor(self: Process, settings: Settings) {
    this.#self = self;
    this.#settings = settings;
  }

  /** A request of the store has failed, at a time of the wall clock. */
  failed(request: string, error: unknown, at: number): void {
    this.lastFailure = { at, request, text: textOf(error) };
  }

  /** The node was woken too late by so many ms. */
  late(ms: number): void {
    this.warn(`was woken ${Math.round(ms)} ms late${this.#heldBy()}`);
  }

  /** So many streams go on from the cursors of the store. */
  lostCommits(count: number): void {
    const streams = count === 1 ? 'a stream' : `${count} streams`;
    this.warn(`starts ${streams} anew: the store has lost commits that it had acknowledged`);
  }

  warn(text: string): void {
    const { node } = this.#settings;
    loggerOf(this.#self).warn({ node }, `cluster: node ${node} ${text}`);
  }

  /** Whose handler has held the thread, if one has for long enough to matter. */
  #heldBy(): string {
    const key = this.heldThread.take(this.#settings.ttl / 8);
    return key === undefined
      ? ': its thread was held, or its process stood still'
      : `: a handler of stream ${JSON.stringify(key)} held its thread`;
  }
}
