/**
 * `node server.ts STREAMS EVENTS`: prints its port. Once all streams are open, it writes EVENTS
 * events a second, evenly spread over them, each in a packet of its own.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

const [streams = 0, events = 0] = process.argv.slice(2).map(Number);
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: open\n\n';
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

/** The interval between writes, in ms. */
const tick = 5;
const data = JSON.stringify({ price: 101.25, note: 'x'.repeat(150) });

function start(): void {
  const from = performance.now();
  let written = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - from) / 1000) * events);
    for (; written < due; written += 1) {
      sockets[written % streams]?.write(`id: ${written}\ndata: ${data}\n\n`);
    }
  }, tick);
}
