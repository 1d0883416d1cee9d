import type { Process } from '@reprise/actor';

import type { RequestBudget } from '../budget/request-budget.ts';
import { createPacketState, type PacketState } from '../format/parser.ts';
import type { Connection } from '../http/attempt.ts';
import { openConnection } from '../http/connection.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
import type { SseRequest } from '../http/request.ts';
import type { Answered } from './answers.ts';
import type { Deliverer } from './deliverer.ts';
import type { Item } from './packet.ts';
import { post } from './task.ts';

/** The client that a stream belongs to. It is told of the stream in its own turns. */
export interface StreamOwner {
  connected(generation: number, response: EventStreamResponse): Answered;
  failed(generation: number, failure: ConnectFailure): Answered;
  disconnected(generation: number, disconnect: Disconnect): Answered;
}

/** One attempt to connect, as its client makes it. */
export interface StreamOptions {
  readonly self: Process;
  readonly generation: number;
  readonly request: SseRequest;
  readonly budget: RequestBudget;
  readonly delivery: Deliverer;
  /** Whether the client handles comments. */
  readonly comments: boolean;
}

/** The connection of one attempt, and the parser of its events. */
export class ClientStream {
  readonly packets: PacketState<Item>;
  readonly #connection: Connection;
  readonly #disconnected: (disconnect: Disconnect) => void;
  /** The end of the stream, while events that came before it are still to be handled. */
  #end: Disconnect | undefined = undefined;

  constructor(owner: StreamOwner, options: StreamOptions) {
    const { self, generation, request, budget, delivery, comments } = options;
    const packets = createPackets(request, comments);
    this.packets = packets;
    this.#disconnected = (disconnect) => {
      post(self, () => owner.disconnected(generation, disconnect));
    };
    const connection = openConnection(
      request,
      {
        connected: (response) => {
          post(self, () => owner.connected(generation, response));
        },
        failed: (failure) => {
          post(self, () => owner.failed(generation, failure));
        },
        packet: (bytes) => {
          // Nothing more is read until this packet is handled.
          connection.pause();
          delivery.receive(bytes, packets, generation);
        },
        disconnected: (disconnect) => {
          if (disconnect.type === 'closed' && request.dispatchIncomplete === true) {
            this.#end = disconnect;
            delivery.finish(packets, generation);
          } else if (delivery.isBehind(generation)) {
            this.#end = disconnect;
          } else {
            this.#disconnected(disconnect);
          }
        },
      },
      self.system.clock,
      budget,
    );
    this.#connection = connection;
  }

  /** A packet is handled to its end: the next one is read, unless it was the last. */
  packetDone(): void {
    const end = this.packets.tooLarge ?? this.#end;
    if (end === undefined) {
      this.#connection.resume();
    } else {
      this.#connection.destroy();
      this.#disconnected(end);
    }
  }

  /** The next packet is read before this one is handled. */
  readOn(): void {
    if ((this.packets.tooLarge ?? this.#end) === undefined) {
      this.#connection.resume();
    }
  }

  /** Closes the socket; nothing is reported any more. */
  destroy(): void {
    this.#connection.destroy();
  }
}

function createPackets(request: SseRequest, comments: boolean): PacketState<Item> {
  const { lastEventId = '', maxEventSize }: Partial<SseRequest> = request ?? {};
  const options = maxEventSize === undefined ? { lastEventId } : { lastEventId, maxEventSize };
  return comments ? createPacketState({ ...options, comments }) : createPacketState(options);
}
