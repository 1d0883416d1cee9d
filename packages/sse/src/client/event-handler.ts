import { isAlive, isAnswer, type Process } from '@reprise/actor';

import type { CursorWriter } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { isThenable } from '../maybe-promise.ts';
import { type Answers, orAnswer, thrownAnswer } from './answers.ts';
import type { ErasedBehaviour } from './behaviour.ts';
import type { FailedEvents } from './failed-events.ts';
import type { Redeliver } from './next.ts';
import type { Item, Packet } from './packet.ts';

interface Parts {
  readonly behaviour: ErasedBehaviour;
  readonly self: Process;
  readonly answers: Answers;
  readonly failedEvents: FailedEvents;
}

/** Calls the handler of one item, and moves the cursor past it if there is one. */
export class EventHandler {
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #answers: Answers;
  readonly #failedEvents: FailedEvents;

  constructor({ behaviour, self, answers, failedEvents }: Parts) {
    this.#behaviour = behaviour;
    this.#self = self;
    this.#answers = answers;
    this.#failedEvents = failedEvents;
  }

  /**
   * The result of the callback, or the answer that it threw. An error that `handleFailed` is to see
   * becomes a rejection. No closure: it runs once an event.
   */
  handle(item: Item, packet: Packet): unknown {
    try {
      return typeof item === 'string'
        ? this.#behaviour.handleComment?.(item, this.#answers.state, this.#self)
        : this.#behaviour.handleEvent(item, this.#answers.state, this.#self);
    } catch (thrown) {
      return this.#failedEvents.decide(packet, thrown)
        ? Promise.reject(thrown)
        : thrownAnswer(thrown);
    }
  }

  /** Handles an item, and moves the cursor past it once the result has settled. */
  handleAt(cursor: CursorWriter, item: Item, packet: Packet): unknown {
    if (typeof item === 'string') {
      return this.handle(item, packet);
    }
    const failure = cursor.failureOf(item);
    if (failure !== undefined) {
      return this.#acknowledgeLater(cursor, item, packet, failure);
    }
    if (cursor.isTransacting) {
      return this.#transact(cursor, item, packet);
    }
    const result = this.handle(item, packet);
    return isThenable(result)
      ? this.#acknowledgeLater(cursor, item, packet, result)
      : acknowledge(cursor, item, result);
  }

  /** Handles an event and moves the cursor past it in one transaction of its store. */
  #transact(cursor: CursorWriter, event: ServerSentEvent, packet: Packet): unknown {
    const failed = (thrown: unknown): unknown => {
      if (!isAlive(this.#self.pid)) {
        return undefined;
      }
      if (cursor.isLost) {
        throw thrown;
      }
      return this.#answerFailure(cursor, event, packet, thrown);
    };
    cursor.ahead(event);
    try {
      const result = cursor.transact(() =>
        orAnswer(() => this.#behaviour.handleEvent(event, this.#answers.state, this.#self)),
      );
      return isThenable(result) ? result.catch(failed) : result;
    } catch (thrown) {
      return failed(thrown);
    }
  }

  /**
   * `acknowledge` once the promise of the handler settles. A function of its own: in `#handleAt`
   * the closure over the event would cost every event a context, called or not.
   */
  #acknowledgeLater(
    cursor: CursorWriter,
    event: ServerSentEvent,
    packet: Packet,
    answered: Promise<unknown>,
  ): Promise<unknown> {
    return answered.then(
      (value) => acknowledge(cursor, event, value),
      (thrown: unknown) => this.#answerFailure(cursor, event, packet, thrown),
    );
  }

  /** The answer of `handleFailed`: unless the event is handled again, it counts as handled. */
  async #answerFailure(
    cursor: CursorWriter,
    event: ServerSentEvent,
    packet: Packet,
    thrown: unknown,
  ): Promise<unknown> {
    const answer = await this.#failedEvents.answerTo(packet, thrown);
    return isRedelivery(answer) ? answer : acknowledge(cursor, event, answer);
  }
}

/**
 * Moves the cursor past an event; gives the handler's answer, at once or after the cursor's write.
 */
function acknowledge(cursor: CursorWriter, event: ServerSentEvent, answered: unknown): unknown {
  const written = cursor.handled(event);
  return written === undefined ? answered : after(written, answered);
}

async function after(written: Promise<void>, answered: unknown): Promise<unknown> {
  await written;
  return answered;
}

export function isRedelivery(result: unknown): result is Redeliver<unknown> {
  return isAnswer(result) && result.type === 'redeliver';
}
