/**
 * `node source.ts`: prints its port, and sends events of some 200 bytes on each connection, as fast
 * as they are read. They are made once: a source has to cost little beside its readers.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
const events = Buffer.from(Array.from({ length: 200 }, (_, index) => eventOf(index + 1)).join(''));

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write(head);
    fill(socket);
    socket.on('drain', () => {
      fill(socket);
    });
  });
}).listen({ port: 0, host: '127.0.0.1' }, () => {
  console.log((server.address() as AddressInfo).port);
});
process.once('disconnect', () => process.exit());

function fill(socket: Socket): void {
  while (socket.write(events)) {
    // Until the reader is behind.
  }
}

function eventOf(id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify({ id, text: 'x'.repeat(160) })}\n\n`;
}
