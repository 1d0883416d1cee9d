import { isAnswer, type Process } from '@reprise/actor';

import type { CursorReport, CursorWriter } from '../cursor/cursor.ts';
import { handlePacket, type PacketState } from '../format/parser.ts';
import { isThenable } from '../maybe-promise.ts';
import { type Answered, type Answers, type ServerAnswer, thrownAnswer } from './answers.ts';
import type { ErasedBehaviour } from './behaviour.ts';
import type { Deliverer } from './deliverer.ts';
import { EventHandler, isRedelivery } from './event-handler.ts';
import { FailedEvents } from './failed-events.ts';
import { type HandlerWatch, watchOf } from './handler-watch.ts';
import type { Redeliver } from './next.ts';
import type { Item, Packet } from './packet.ts';
import { Slice } from './slice.ts';
import type { Awaiting, StatusRecord } from './status.ts';
import { post } from './task.ts';

/** The parts of a client that a delivery works with. */
export interface DeliveryContext {
  readonly behaviour: ErasedBehaviour;
  readonly self: Process;
  readonly answers: Answers;
  readonly record: StatusRecord;
  /** Called when a packet of the open connection is handled to its end: the next one is read. */
  readonly packetDone: (generation: number) => void;
  /** Reads the next packet while events of this one wait for their handler. */
  readonly readOn: () => void;
}

/** Handles the packets of a client: event by event, each past the cursor if there is one. */
export class Delivery implements Deliverer {
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #answers: Answers;
  readonly #record: StatusRecord;
  readonly #packetDone: (generation: number) => void;
  readonly #failedEvents: FailedEvents;
  readonly #handler: EventHandler;
  readonly #watch: HandlerWatch;
  readonly #slice = new Slice();
  #cursor: CursorWriter | undefined = undefined;
  /**
   * The generation whose connection is open; 0 for none. A field of its own beside the snapshot of
   * the machine, since every event reads it.
   */
  #openGeneration = 0;
  #isOver = false;

  constructor({ behaviour, self, answers, record, packetDone }: DeliveryContext) {
    this.#behaviour = behaviour;
    this.#self = self;
    this.#answers = answers;
    this.#record = record;
    this.#packetDone = packetDone;
    this.#failedEvents = new FailedEvents(behaviour, self, answers);
    this.#handler = new EventHandler({
      behaviour,
      self,
      answers,
      failedEvents: this.#failedEvents,
    });
    this.#watch = watchOf(self);
  }

  setCursor(cursor: CursorWriter): void {
    this.#cursor = cursor;
    this.#failedEvents.setCursor(cursor);
  }

  get awaiting(): readonly Awaiting[] {
    const handler = this.#watch.pending;
    return handler === undefined ? this.#failedEvents.awaiting : [{ type: 'event', ...handler }];
  }

  get unsettled(): number {
    return this.#watch.pending === undefined ? 0 : 1;
  }

  setOpenGeneration(generation: number): void {
    if (generation !== this.#openGeneration) {
      this.#failedEvents.cancel();
    }
    this.#openGeneration = generation;
  }

  stop(): void {
    this.#isOver = true;
    this.#watch.stop();
  }

  receive(bytes: Uint8Array, packets: PacketState<Item>, generation: number): void {
    this.#receive(handlePacket(bytes, packets), bytes.length, generation);
  }

  /** Nothing more is read before a packet is handled. */
  isBehind(): boolean {
    return false;
  }

  finish(packets: PacketState<Item>, generation: number): void {
    this.#receive(packets.finish(), 0, generation);
  }

  #receive(items: readonly Item[], size: number, generation: number): void {
    const packet = { generation, items, at: 0, task: undefined };
    this.#record.received(size, packet);
    this.#queue(packet);
  }

  report(report: CursorReport): void {
    const { handleCursor } = this.#behaviour;
    if (handleCursor !== undefined) {
      post(this.#self, () => this.#answers.handle(handleCursor, report));
    }
  }

  /**
   * Handles the rest of a packet. Between two events the client looks at its mailbox: the messages
   * there go first, and the rest of the packet queues up behind them. So it does once the events
   * have had the thread for a slice: then timers and sockets have their turn.
   */
  #handle(packet: Packet): Answered {
    if (packet.items.length > packet.at + 1) {
      this.#slice.begin();
    }
    const pending = this.#handleItems(packet);
    return isThenable(pending) ? this.#awaitItems(packet, pending) : pending;
  }

  /** Goes on until an item has a promise, which it returns, or until there is an answer to give. */
  #handleItems(packet: Packet): ServerAnswer | Promise<unknown> {
    const { items, generation } = packet;
    const cursor = this.#cursor;
    while (this.#openGeneration === generation) {
      const item = items[packet.at];
      if (item === undefined) {
        break;
      }
      if (cursor !== undefined && cursor.isUntested && this.#testCursor(cursor, item)) {
        return this.#queue(packet);
      }
      packet.at += 1;
      if (cursor !== undefined && this.#isRepeat(cursor, item)) {
        continue;
      }
      const result =
        cursor === undefined
          ? this.#handler.handle(item, packet)
          : this.#handler.handleAt(cursor, item, packet);
      if (isPromise(result)) {
        return result;
      }
      const answer = this.#accept(result, packet, item);
      if (answer !== undefined) {
        return answer;
      }
    }
    return this.#end(packet);
  }

  /**
   * Looks at the first event of a connection before it is handled: whether the cursor reports
   * something, which the user has to hear first.
   */
  #testCursor(cursor: CursorWriter, item: Item): boolean {
    const report = typeof item === 'string' ? undefined : cursor.judge(item);
    if (report === undefined) {
      return false;
    }
    this.#record.reported(report);
    this.report(report);
    return true;
  }

  /** Whether `dedupe` drops the item. */
  #isRepeat(cursor: CursorWriter, item: Item): boolean {
    const isRepeat = typeof item !== 'string' && cursor.isRepeat(item);
    if (isRepeat) {
      this.#record.dropped();
    }
    return isRepeat;
  }

  async #awaitItems(packet: Packet, first: Promise<unknown>): Promise<ServerAnswer> {
    let pending = first;
    for (;;) {
      let result: unknown;
      // Not `pending.catch`: that would be one more promise for every event.
      try {
        this.#watch.begin(typeOf(packet.items[packet.at - 1]));
        result = await pending;
      } catch (thrown) {
        // With a cursor the handler's error has an answer already: this is another error.
        result =
          this.#cursor === undefined
            ? await this.#failedEvents.answerTo(packet, thrown)
            : thrownAnswer(thrown);
      }
      this.#watch.end();
      const answer = this.#accept(result, packet, packet.items[packet.at - 1]);
      if (answer !== undefined) {
        return answer;
      }
      const next = this.#handleItems(packet);
      if (!isThenable(next)) {
        return next;
      }
      pending = next;
    }
  }

  /**
   * Accepts the result of `handleEvent`: the next state, unless it is an answer. Returns the answer
   * to the GenServer if the turn has to end here.
   */
  #accept(result: unknown, packet: Packet, item: Item | undefined): ServerAnswer | undefined {
    const answers = this.#answers;
    if (this.#isOver) {
      return answers.goOn;
    }
    if (isAnswer(result)) {
      const answer = this.#carryOut(result, packet, item);
      if (answer !== undefined) {
        return answer;
      }
    } else {
      this.#handled(item);
      answers.state = result;
    }
    return packet.at < packet.items.length &&
      (this.#self.messageQueueLen > 0 || this.#slice.isOver())
      ? this.#queue(packet)
      : undefined;
  }

  /** The same for an answer. */
  #carryOut(result: object, packet: Packet, item: Item | undefined): ServerAnswer | undefined {
    if (isRedelivery(result)) {
      return this.#redeliver(packet, result);
    }
    this.#handled(item);
    const answer = this.#answers.translate(result);
    if (answer === this.#answers.goOn) {
      return undefined;
    }
    this.#leave(packet);
    return answer;
  }

  #handled(item: Item | undefined): void {
    if (typeof item === 'object') {
      this.#record.handled(item.lastEventId);
      this.#failedEvents.forget();
    }
  }

  /** Handles the last item of the packet again, in a later turn. */
  #redeliver(packet: Packet, { state, after: ms }: Redeliver<unknown>): ServerAnswer {
    this.#answers.state = state;
    packet.at -= 1;
    return ms === 0
      ? this.#queue(packet)
      : this.#failedEvents.redeliver(packet, ms, () => this.#queue(packet));
  }

  /**
   * The turn ends with an action for the GenServer; the unhandled rest of the packet is requeued.
   */
  #leave(packet: Packet): void {
    if (packet.at < packet.items.length) {
      this.#queue(packet);
    } else {
      this.#end(packet);
    }
  }

  #queue(packet: Packet): ServerAnswer {
    packet.task = post(this.#self, () => this.#handle(packet));
    return this.#answers.goOn;
  }

  #end(packet: Packet): ServerAnswer {
    const { generation } = packet;
    this.#record.packetDone(packet);
    if (this.#openGeneration === generation) {
      this.#packetDone(generation);
    }
    return this.#answers.goOn;
  }
}

function typeOf(item: Item | undefined): string {
  return typeof item === 'object' ? item.type : 'comment';
}

/**
 * `isThenable` for the results of handlers and nothing else: a call site that sees many kinds of
 * values becomes megamorphic, and slower for each of them.
 */
function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
