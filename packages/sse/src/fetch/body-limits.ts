import type { Clock } from '@reprise/actor';

import type { ServerSentEvent } from '../format/event.ts';
import { createPacketState, handlePacket, type PacketState } from '../format/parser.ts';
import { isTrue } from '../resilient/verdict.ts';
import type { FetchFailure } from './failure.ts';
import { OpenEvent } from './open-event.ts';
import type { CallOptions } from './options.ts';
import { ReadingTimer } from './reading-timer.ts';

/** The limits of one body, besides that of silence. */
export interface BodyLimits {
  /** Bytes of the body, and the failure that they are, if they are one. */
  take(packet: Uint8Array): FetchFailure | undefined;
  /** The body has ended in good order. */
  end(): FetchFailure | undefined;
  /** The program does not read from now on. */
  hold(): void;
  release(): void;
  stop(): void;
}

export function limitsOf(
  isEventStream: boolean,
  options: CallOptions,
  failed: (failure: FetchFailure) => void,
): BodyLimits {
  return isEventStream ? new EventLimits(options, failed) : new WholeLimits(options, failed);
}

/** A body that is not an event stream: its size, and its time. */
class WholeLimits implements BodyLimits {
  readonly #maxSize: number;
  readonly #timer: ReadingTimer;
  #size = 0;

  constructor(options: CallOptions, failed: (failure: FetchFailure) => void) {
    this.#maxSize = options.limits.maxBodySize;
    this.#timer = timer('body', options.clock, options.limits.bodyTimeout, failed);
    this.#timer.start();
  }

  take({ length }: Uint8Array): FetchFailure | undefined {
    this.#size += length;
    return this.#size > this.#maxSize ? { type: 'bodyTooLarge', limit: this.#maxSize } : undefined;
  }

  end(): undefined {
    return undefined;
  }

  hold(): void {
    this.#timer.hold();
  }

  release(): void {
    this.#timer.release();
  }

  stop(): void {
    this.#timer.stop();
  }
}

/** An event stream, which may be endless: the size and the time of each event. */
class EventLimits implements BodyLimits {
  readonly #packets: PacketState;
  readonly #open: OpenEvent = new OpenEvent();
  /** From the first byte of an event to its last. */
  readonly #inEvent: ReadingTimer;
  /** From one event to the next. */
  readonly #betweenEvents: ReadingTimer;
  readonly #until: ((event: ServerSentEvent) => boolean) | undefined;
  #isComplete = false;

  constructor(options: CallOptions, failed: (failure: FetchFailure) => void) {
    const { bodyTimeout, eventTimeout, maxEventSize, until } = options.limits;
    const { clock } = options;
    this.#packets = createPacketState({ maxEventSize });
    this.#inEvent = timer('body', clock, bodyTimeout, failed);
    this.#betweenEvents = timer('event', clock, eventTimeout, failed);
    this.#betweenEvents.start();
    this.#until = until;
  }

  take(packet: Uint8Array): FetchFailure | undefined {
    const wasOpen = this.#open.isOpen;
    const events = handlePacket(packet, this.#packets);
    this.#open.take(packet);
    if (events.length > 0) {
      this.#betweenEvents.start();
      this.#isComplete ||= events.some((event) => isTrue('until', this.#until?.(event)));
    }
    if (!this.#open.isOpen) {
      this.#inEvent.stop();
    } else if (!wasOpen || events.length > 0) {
      this.#inEvent.start();
    }
    return this.#packets.tooLarge;
  }

  end(): FetchFailure | undefined {
    return this.#until === undefined || this.#isComplete ? undefined : { type: 'incomplete' };
  }

  hold(): void {
    this.#inEvent.hold();
    this.#betweenEvents.hold();
  }

  release(): void {
    this.#inEvent.release();
    this.#betweenEvents.release();
  }

  stop(): void {
    this.#inEvent.stop();
    this.#betweenEvents.stop();
  }
}

function timer(
  phase: 'body' | 'event',
  clock: Clock,
  ms: number,
  failed: (failure: FetchFailure) => void,
): ReadingTimer {
  return new ReadingTimer(clock, ms, () => {
    failed({ type: 'timeout', phase, ms });
  });
}
