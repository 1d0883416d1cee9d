import { virtualClock, type VirtualClock } from '@reprise/actor/testing';

import { type Connection, openConnection } from '../../src/http/connection.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../../src/http/failure.ts';
import type { SseRequest } from '../../src/http/request.ts';

export type Told =
  | { readonly type: 'connected'; readonly response: EventStreamResponse }
  | { readonly type: 'packet'; readonly text: string }
  | { readonly type: 'failed'; readonly failure: ConnectFailure }
  | { readonly type: 'disconnected'; readonly disconnect: Disconnect };

/** A connection with a record of its handlers' calls; destroyed at the end of its block. */
export interface Watched extends Disposable {
  readonly connection: Connection;
  readonly told: readonly Told[];
  /** Waits for the next call of any handler. */
  next(): Promise<Told>;
  /** Waits for so many characters since the last call; a call of another handler is an error. */
  text(length: number): Promise<string>;
  /** Waits for the last call. */
  end(): Promise<Told>;
  readonly clock: VirtualClock;
  advance(ms: number): Promise<void>;
}

export function watch(
  request: SseRequest,
  react: (told: Told, connection: Connection) => void = () => undefined,
): Watched {
  const told: Told[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  const clock = virtualClock();
  const tell = (one: Told): void => {
    told.push(one);
    react(one, connection);
    wake();
  };
  const connection = openConnection(
    request,
    {
      connected: (response) => {
        tell({ type: 'connected', response });
      },
      packet: (packet) => {
        tell({ type: 'packet', text: Buffer.from(packet).toString('latin1') });
      },
      failed: (failure) => {
        tell({ type: 'failed', failure });
      },
      disconnected: (disconnect) => {
        tell({ type: 'disconnected', disconnect });
      },
    },
    clock,
  );
  const next = async (): Promise<Told> => {
    while (told.length === taken) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return told[taken++] as Told;
  };
  return {
    connection,
    told,
    next,
    clock,
    advance: (ms) => clock.advance(ms, async () => undefined),
    async text(length) {
      let text = '';
      while (text.length < length) {
        const one = await next();
        if (one.type !== 'packet') {
          throw new Error(`Expected a packet, got ${JSON.stringify(one)}`);
        }
        text += one.text;
      }
      return text;
    },
    async end() {
      for (;;) {
        const one = await next();
        if (one.type === 'failed' || one.type === 'disconnected') {
          return one;
        }
      }
    },
    [Symbol.dispose]: () => {
      connection.destroy();
    },
  };
}
