import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A payment, and the position behind it. */
export interface Payment {
  readonly paging_token: string;
  readonly from: string;
  readonly amount: string;
}

/**
 * A ledger like Stellar's Horizon: its events have no ids. A request asks for the payments after
 * `cursor`, which is the `paging_token` of one of them, or `now`.
 */
export interface Ledger extends AsyncDisposable {
  readonly url: string;
  pay(from: string, amount: string): void;
  /** Says goodbye on all streams and ends them, as such servers do every minute. */
  endStreams(): void;
}

export async function startLedger(): Promise<Ledger> {
  const payments: Payment[] = [];
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    streams.add(response);
    response.once('close', () => streams.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1000\nevent: open\ndata: "hello"\n\n');
    for (const payment of payments.slice(indexAfter(request, payments))) {
      response.write(eventOf(payment));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The client keeps the program alive, not this server.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/payments`,
    pay(from, amount) {
      const payment = { paging_token: `${4_294_967_296 * (payments.length + 1)}`, from, amount };
      payments.push(payment);
      for (const stream of streams) {
        stream.write(eventOf(payment));
      }
    },
    endStreams() {
      for (const stream of streams) {
        stream.end('retry: 10\nevent: close\ndata: "byebye"\n\n');
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function eventOf(payment: Payment): string {
  return `data: ${JSON.stringify(payment)}\n\n`;
}

function indexAfter({ url = '' }: IncomingMessage, payments: readonly Payment[]): number {
  const cursor = new URL(url, 'http://localhost').searchParams.get('cursor');
  return cursor === 'now'
    ? payments.length
    : payments.findIndex(({ paging_token }) => paging_token === cursor) + 1;
}
