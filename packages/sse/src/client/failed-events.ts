import { cancelTimer, isAlive, isAnswer, type Process, type TimerRef } from '@reprise/actor';
import { escapeControls, redactedStart } from '@reprise/actor/text';

import type { CursorWriter } from '../cursor/cursor.ts';
import { type FailedAttempts, fingerprint } from '../cursor/failed-attempts.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { type Answered, type Answers, type ServerAnswer, thrownAnswer } from './answers.ts';
import { type ErasedBehaviour, type FailedEvent, takesNoHandleFailed } from './behaviour.ts';
import type { Packet } from './packet.ts';
import type { Awaiting } from './status.ts';
import { postAfter } from './task.ts';

/** Calls `handleFailed` of a client, and counts how often the current event has failed. */
export class FailedEvents {
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #answers: Answers;
  #cursor: CursorWriter | undefined = undefined;
  /** The event that failed last, unless it has been handled since. */
  #failed: FailedAttempts | undefined = undefined;
  /** The wait until an event is handled again. */
  #wait: { readonly shown: Awaiting; readonly timer: TimerRef } | undefined = undefined;

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

  /** The answer of `handleFailed`, or the answer that was thrown. Throws any other error again. */
  answerTo(packet: Packet, thrown: unknown): unknown {
    const item = packet.items[packet.at - 1];
    return typeof item === 'object' && this.decide(packet, thrown)
      ? this.#answerFor(item, thrown)
      : thrownAnswer(thrown);
  }

  /**
   * Whether the last item of the packet is an event whose failure `handleFailed` answers. Without
   * `handleFailed` the client crashes, and a note in the report says how to go on.
   */
  decide({ items, at, task }: Packet, thrown: unknown): boolean {
    const item = items[at - 1];
    if (typeof item !== 'object' || isAnswer(thrown) || !isAlive(this.#self.pid)) {
      return false;
    }
    if (this.#behaviour.handleFailed === undefined && task !== undefined) {
      task.failed = { event: item, note: noteOn(item, this.#behaviour) };
    }
    return this.#behaviour.handleFailed !== undefined;
  }

  /** The answer of `handleFailed`. The count is written before, since that may crash. */
  async #answerFor(event: ServerSentEvent, error: unknown): Promise<unknown> {
    const print = fingerprint(event, this.#cursor?.cursor);
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

  /** Runs `again` in a turn `ms` from now, for the next item of the packet. */
  redeliver({ items, at }: Packet, ms: number, again: () => Answered): ServerAnswer {
    const item = items[at];
    const event = typeof item === 'object' ? item.type : 'comment';
    const since = this.#self.system.clock.now();
    const timer = postAfter(this.#self, Math.ceil(ms), () => {
      this.#wait = undefined;
      return again();
    });
    this.#wait = { shown: { type: 'redelivery', event, since, until: since + ms }, timer };
    return this.#answers.goOn;
  }

  /** The connection of the event that waits is gone. */
  cancel(): void {
    if (this.#wait !== undefined) {
      cancelTimer(this.#wait.timer);
      this.#wait = undefined;
    }
  }

  get awaiting(): readonly Awaiting[] {
    return this.#wait === undefined ? [] : [this.#wait.shown];
  }

  /** An event is handled, or skipped. */
  forget(): void {
    this.#failed = undefined;
  }
}

function noteOn({ id, type }: ServerSentEvent, behaviour: ErasedBehaviour): string {
  const hint = takesNoHandleFailed in behaviour ? '' : ': handleFailed could retry or skip it';
  return `event ${shown(id)} of type ${shown(type)} failed${hint}`;
}

/** The same for a batch, with the first of its events. */
export function noteOnBatch(
  batch: readonly ServerSentEvent[],
): { readonly event: ServerSentEvent; readonly note: string } | undefined {
  const [event] = batch;
  return (
    event && {
      event,
      note: `batch of ${batch.length} from event ${shown(event.id)} of type ${shown(event.type)} failed`,
    }
  );
}

/** Text of a server, for a log. */
function shown(text: string | null): string {
  const start = text && redactedStart(text, longest) + (text.length > longest ? '…' : '');
  return escapeControls(JSON.stringify(start), { notation: 'json' });
}

/** In characters. */
const longest = 100;
