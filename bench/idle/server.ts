/**
 * `node server.ts`, with an IPC channel: prints its port, sends one event on each stream and holds
 * it open. The message `broadcast` sends an event on all streams, `cut` closes all, and `count`
 * answers with the numbers since then.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export type Order = 'broadcast' | 'cut' | 'count';

/** The numbers since the last broadcast and the last cut. */
export interface Count {
  readonly open: number;
  /** When the broadcast began, in ns of the machine's monotonic clock. */
  readonly broadcastAt: string;
  readonly accepted: number;
  /** The most requests within any second. */
  readonly mostASecond: number;
}

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
const first = 'id: 1\ndata: first\n\n';
const second = Buffer.from('id: 2\ndata: second\n\n');

const sockets = new Set<Socket>();
let acceptedAt: number[] = [];
let broadcastAt = 0n;

const server = createServer((socket) => {
  acceptedAt.push(performance.now());
  sockets.add(socket);
  socket.setNoDelay(true).on('error', () => undefined);
  socket.once('close', () => sockets.delete(socket));
  socket.once('data', () => socket.write(head + first));
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});

const orders: Readonly<Record<Order, () => void>> = {
  broadcast: () => {
    broadcastAt = process.hrtime.bigint();
    for (const socket of sockets) {
      socket.write(second);
    }
  },
  cut: () => {
    acceptedAt = [];
    for (const socket of sockets) {
      socket.destroy();
    }
  },
  count: () => {
    const count: Count = {
      open: sockets.size,
      broadcastAt: String(broadcastAt),
      accepted: acceptedAt.length,
      mostASecond: mostASecond(),
    };
    process.send?.(count);
  },
};

process.on('message', (order: Order) => {
  orders[order]();
});

function mostASecond(): number {
  let from = 0;
  let most = 0;
  for (const [at, time] of acceptedAt.entries()) {
    while ((acceptedAt[from] ?? time) <= time - 1000) {
      from += 1;
    }
    most = Math.max(most, at - from + 1);
  }
  return most;
}
