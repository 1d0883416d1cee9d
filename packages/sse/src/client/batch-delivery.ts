import { isAnswer, type Process } from '@reprise/actor';

import type { CursorReport, CursorWriter } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { handlePacket, type PacketState } from '../format/parser.ts';
import { isThenable } from '../maybe-promise.ts';
import { nextMacrotask } from '../time/next-macrotask.ts';
import { type Answered, type Answers, asError, orAnswer, type ServerAnswer } from './answers.ts';
import type { Batching, ErasedBehaviour } from './behaviour.ts';
import type { Deliverer } from './deliverer.ts';
import type { DeliveryContext } from './delivery.ts';
import { EventHandler } from './event-handler.ts';
import { FailedEvents, noteOnBatch } from './failed-events.ts';
import { type HandlerWatch, watchOf } from './handler-watch.ts';
import type { Item } from './packet.ts';
import type { Awaiting, StatusRecord } from './status.ts';
import { type ClientTask, post } from './task.ts';
import { Waiting } from './waiting.ts';

/**
 * Handles the events of a client in batches: all that have arrived, up to a limit. The stream is
 * read on while a batch is handled, until the next batch is full or 1 MiB waits; then reading
 * stops, and the server's writes block.
 *
 * A batch that is not full waits for one look at the socket, and for nothing else: the events that
 * have arrived there meanwhile belong into it.
 */
export class BatchDelivery implements Deliverer {
  readonly #batching: Batching;
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #answers: Answers;
  readonly #record: StatusRecord;
  readonly #packetDone: (generation: number) => void;
  readonly #readOn: () => void;
  readonly #handler: EventHandler;
  readonly #watch: HandlerWatch;
  #cursor: CursorWriter | undefined = undefined;
  #openGeneration = 0;
  #isOver = false;
  #waiting = new Waiting(0);
  /** Whether a look or a turn for the events that wait is on its way, or a batch is handled. */
  #isBusy = false;
  /** How many events the handler has that has not settled. */
  #unsettled = 0;

  constructor(batching: Batching, context: DeliveryContext) {
    const { behaviour, self, answers, record, packetDone, readOn } = context;
    this.#batching = batching;
    this.#behaviour = behaviour;
    this.#self = self;
    this.#answers = answers;
    this.#record = record;
    this.#packetDone = packetDone;
    this.#readOn = readOn;
    const failedEvents = new FailedEvents(behaviour, self, answers);
    this.#handler = new EventHandler({ behaviour, self, answers, failedEvents });
    this.#watch = watchOf(self);
  }

  setCursor(cursor: CursorWriter): void {
    this.#cursor = cursor;
  }

  get awaiting(): readonly Awaiting[] {
    const handler = this.#watch.pending;
    return handler === undefined ? [] : [{ type: 'event', ...handler }];
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  setOpenGeneration(generation: number): void {
    this.#openGeneration = generation;
  }

  stop(): void {
    this.#isOver = true;
    this.#watch.stop();
  }

  isBehind(generation: number): boolean {
    return this.#isBusy && this.#waiting.generation === generation;
  }

  receive(bytes: Uint8Array, packets: PacketState<Item>, generation: number): void {
    this.#add(handlePacket(bytes, packets), bytes.length, generation);
    this.#readOnIfFew();
  }

  finish(packets: PacketState<Item>, generation: number): void {
    this.#add(packets.finish(), 0, generation);
  }

  report(report: CursorReport): void {
    const { handleCursor } = this.#behaviour;
    if (handleCursor !== undefined) {
      post(this.#self, () => this.#answers.handle(handleCursor, report));
    }
  }

  #add(items: readonly Item[], size: number, generation: number): void {
    if (this.#waiting.generation !== generation) {
      this.#waiting = new Waiting(generation);
    }
    this.#waiting.add(items, size);
    this.#record.received(size, this.#waiting);
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#plan();
    }
  }

  #readOnIfFew(): void {
    if (this.#waiting.isRoomFor(this.#batching.max)) {
      this.#readOn();
    }
  }

  /** A turn for the next batch: at once if it is full, and else after a look at the socket. */
  #plan(): void {
    if (this.#waiting.items.length >= this.#batching.max) {
      this.#post();
    } else {
      // Twice: a socket that is read on from now on is looked at in the next round of the loop.
      const { clock } = this.#self.system;
      nextMacrotask(clock, () => {
        nextMacrotask(clock, () => {
          this.#post();
        });
      });
    }
  }

  #post(): ServerAnswer {
    const task: ClientTask = post(this.#self, () => this.#turn(task));
    return this.#answers.goOn;
  }

  #turn(task: ClientTask): Answered {
    const { generation, items } = this.#waiting;
    const [first] = items;
    if (this.#openGeneration !== generation || first === undefined) {
      return this.#end();
    }
    if (this.#testCursor(first)) {
      return this.#post();
    }
    const batch = this.#take();
    if (batch.length > 0) {
      this.#readOnIfFew();
      return this.#handle(batch, task, () => this.#call(batch));
    }
    const apart = this.#waiting.shift();
    return apart === undefined
      ? this.#goOn()
      : this.#handle([apart], task, () => this.#callApart(apart, task));
  }

  /** Whether the cursor reports something about the first event of a connection. */
  #testCursor(event: ServerSentEvent): boolean {
    const report = this.#cursor?.isUntested === true ? this.#cursor.judge(event) : undefined;
    if (report === undefined) {
      return false;
    }
    this.#record.reported(report);
    this.report(report);
    return true;
  }

  /**
   * Takes the events of the next batch, and drops those that have been handled before. The batch
   * ends before an event that is to be handled alone.
   */
  #take(): readonly ServerSentEvent[] {
    const batch: ServerSentEvent[] = [];
    const { items } = this.#waiting;
    let at = 0;
    for (; at < items.length && batch.length < this.#batching.max; at += 1) {
      const event = items[at] as ServerSentEvent;
      if (this.#cursor?.isRepeat(event) === true) {
        this.#record.dropped();
      } else if (this.#isApart(event)) {
        break;
      } else {
        this.#cursor?.ahead(event);
        batch.push(event);
      }
    }
    this.#waiting.drop(at);
    return batch;
  }

  #isApart(event: ServerSentEvent): boolean {
    return (
      this.#cursor?.fails(event) === true || this.#batching.isApart(event, this.#answers.state)
    );
  }

  /** Calls the handler of a batch, and moves the cursor past it. */
  #call(batch: readonly ServerSentEvent[]): unknown {
    const cursor = this.#cursor;
    const call = (): unknown => orAnswer(() => this.#batching.handle(batch, this.#answers.state));
    if (cursor === undefined) {
      return call();
    }
    return cursor.isTransacting ? cursor.transact(call) : settleAfter(cursor, call);
  }

  #callApart(event: ServerSentEvent, task: ClientTask): unknown {
    const packet = { generation: this.#waiting.generation, items: [event], at: 1, task };
    return this.#cursor === undefined
      ? this.#handler.handle(event, packet)
      : this.#handler.handleAt(this.#cursor, event, packet);
  }

  #handle(batch: readonly ServerSentEvent[], task: ClientTask, call: () => unknown): Answered {
    let result: unknown;
    try {
      result = call();
    } catch (error) {
      throw this.#failed(batch, task, error);
    }
    return isThenable(result) ? this.#await(batch, task, result) : this.#accept(batch, result);
  }

  async #await(
    batch: readonly ServerSentEvent[],
    task: ClientTask,
    pending: Promise<unknown>,
  ): Promise<ServerAnswer> {
    this.#watch.begin(batch[0]?.type ?? '');
    this.#unsettled = batch.length;
    try {
      return this.#accept(batch, await pending);
    } catch (error) {
      throw this.#failed(batch, task, error);
    } finally {
      this.#watch.end();
      this.#unsettled = 0;
    }
  }

  #failed(batch: readonly ServerSentEvent[], task: ClientTask, error: unknown): unknown {
    task.failed ??= noteOnBatch(batch);
    return asError(error);
  }

  #accept(batch: readonly ServerSentEvent[], result: unknown): ServerAnswer {
    if (this.#isOver) {
      return this.#answers.goOn;
    }
    for (const { lastEventId } of batch) {
      this.#record.handled(lastEventId);
    }
    if (isAnswer(result)) {
      const answer = this.#answers.translate(result);
      this.#goOn();
      return answer;
    }
    this.#answers.state = result;
    return this.#goOn();
  }

  #goOn(): ServerAnswer {
    const { items, generation } = this.#waiting;
    if (items.length === 0 || this.#openGeneration !== generation) {
      return this.#end();
    }
    this.#readOnIfFew();
    this.#plan();
    return this.#answers.goOn;
  }

  /** Nothing waits any more: the next packet is read, or the end of the stream is reported. */
  #end(): ServerAnswer {
    const waiting = this.#waiting;
    this.#isBusy = false;
    this.#record.packetDone(waiting);
    if (this.#openGeneration === waiting.generation) {
      this.#packetDone(waiting.generation);
    } else {
      waiting.drop(waiting.items.length);
    }
    return this.#answers.goOn;
  }
}

/** The result of the handler, once the cursor has moved past its events. */
function settleAfter(cursor: CursorWriter, call: () => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    cursor.undo();
    throw error;
  }
  if (isThenable(result)) {
    return settleLater(cursor, result);
  }
  const written = cursor.settle();
  return written === undefined ? result : written.then(() => result);
}

async function settleLater(cursor: CursorWriter, pending: Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await pending;
  } catch (error) {
    cursor.undo();
    throw error;
  }
  await cursor.settle();
  return result;
}
