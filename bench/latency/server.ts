/**
 * `node server.ts STREAMS`: prints its port. It writes one event per second on each stream, evenly
 * spread. The data is the time of the write, in ns of the machine's monotonic clock.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: open\n\n';
const streams = Number(process.argv[2]);
const sockets: Socket[] = [];

const server = createServer((socket) => {
  socket.setNoDelay(true).on('error', () => undefined);
  socket.once('data', () => {
    socket.write(head);
    sockets.push(socket);
    if (sockets.length === streams) {
      start();
    }
  });
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});

/** The interval between writes to some of the streams, in ms. */
const tick = 5;

function start(): void {
  const from = performance.now();
  let written = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - from) / 1000) * streams);
    for (; written < due; written += 1) {
      sockets[written % streams]?.write(`data: ${process.hrtime.bigint()}\n\n`);
    }
  }, tick);
}
