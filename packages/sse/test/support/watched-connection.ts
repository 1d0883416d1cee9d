import { virtualClock, type VirtualClock } from '@reprise/actor/testing';

import type { Connection } from '../../src/http/attempt.ts';
import { openConnection } from '../../src/http/connection.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../../src/http/failure.ts';
import type { SseRequest } from '../../src/http/request.ts';

export type HandlerCall =
  | { readonly type: 'connected'; readonly response: EventStreamResponse }
  | { readonly type: 'packet'; readonly text: string }
  | { readonly type: 'failed'; readonly failure: ConnectFailure }
  | { readonly type: 'disconnected'; readonly disconnect: Disconnect };

/** A connection that records the calls of its handlers, and is destroyed with its `using` block. */
export interface Watched extends Disposable {
  readonly connection: Connection;
  readonly calls: readonly HandlerCall[];
  /** Waits for the next call. */
  next(): Promise<HandlerCall>;
  /** Waits for packets with `length` characters together; rejects if there is another call. */
  text(length: number): Promise<string>;
  /** Waits for `failed` or `disconnected`. */
  end(): Promise<HandlerCall>;
  readonly clock: VirtualClock;
  advance(ms: number): Promise<void>;
}

export function watch(
  request: SseRequest,
  react: (call: HandlerCall, connection: Connection) => void = () => undefined,
): Watched {
  const calls: HandlerCall[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  const clock = virtualClock();
  const record = (one: HandlerCall): void => {
    calls.push(one);
    react(one, connection);
    wake();
  };
  const connection = openConnection(
    request,
    {
      connected: (response) => {
        record({ type: 'connected', response });
      },
      packet: (packet) => {
        record({ type: 'packet', text: Buffer.from(packet).toString('latin1') });
      },
      failed: (failure) => {
        record({ type: 'failed', failure });
      },
      disconnected: (disconnect) => {
        record({ type: 'disconnected', disconnect });
      },
    },
    clock,
  );
  const next = async (): Promise<HandlerCall> => {
    while (calls.length === taken) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return calls[taken++] as HandlerCall;
  };
  return {
    connection,
    calls,
    next,
    clock,
    advance: (ms) => clock.advance(ms),
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
