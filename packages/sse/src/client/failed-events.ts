import { isAlive, type Process } from '@reprise/actor';
import { escapeControls } from '@reprise/actor/text';

import type { CursorWriter } from '../cursor/cursor.ts';
import { type FailedAttempts, fingerprint } from '../cursor/failed-attempts.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { type Answers, thrownAnswer } from './answers.ts';
import type { ErasedBehaviour, FailedEvent } from './behaviour.ts';
import type { ClientTask } from './task.ts';

/** Calls `handleFailed` of a client, and counts how often the current event has failed. */
export class FailedEvents {
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #answers: Answers;
  #cursor: CursorWriter | undefined = undefined;
  /** The event that failed last, unless it has been handled since. */
  #failed: FailedAttempts | undefined = undefined;

  constructor(behaviour: ErasedBehaviour, self: Process, answers: Answers) {
    this.#behaviour = behaviour;
    this.#self = self;
    this.#answers = answers;
  }

  /** From now on the count is kept with this cursor. */
  setCursor(cursor: CursorWriter): void {
    this.#cursor = cursor;
    this.#failed = cursor.failed;
  }

  /**
   * Whether there is a `handleFailed` to ask. Without it the client crashes, and a note in the
   * report says how to go on.
   */
  decides(event: ServerSentEvent, task: ClientTask | undefined): boolean {
    if (this.#behaviour.handleFailed !== undefined) {
      return true;
    }
    if (task !== undefined) {
      const name = `event ${shown(event.id)} of type ${shown(event.type)}`;
      task.failed = { event, note: `${name} failed: handleFailed could retry or skip it` };
    }
    return false;
  }

  /** The answer of `handleFailed`. The count is written before, since that may crash. */
  async answerFor(event: ServerSentEvent, error: unknown): Promise<unknown> {
    const print = fingerprint(event);
    const before = this.#failed?.event === print ? this.#failed.attempts : 0;
    this.#failed = { event: print, attempts: before + 1 };
    await this.#cursor?.keepFailed(this.#failed);
    if (!isAlive(this.#self.pid)) {
      // Killed meanwhile: nothing is asked any more, and no answer counts.
      return undefined;
    }
    const failed: FailedEvent = { event, error, attempt: this.#failed.attempts };
    try {
      return await this.#behaviour.handleFailed?.(failed, this.#answers.state, this.#self);
    } catch (thrown) {
      return thrownAnswer(thrown);
    }
  }

  /** An event is handled, or skipped. */
  forget(): void {
    this.#failed = undefined;
  }

  get hasFailed(): boolean {
    return this.#failed !== undefined;
  }
}

/** Text of a server, for a log. */
function shown(text: string | null): string {
  const start = text === null || text.length <= longest ? text : `${text.slice(0, longest)}…`;
  return escapeControls(JSON.stringify(start), { notation: 'json' });
}

/** In characters. */
const longest = 100;
