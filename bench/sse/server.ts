/**
 * `node server.ts`: prints its port. `GET /NAME` is the stream of that work: one event, then, after
 * a moment, all others, over and over the same bytes, as fast as the client takes them. HTTP by
 * hand, since Node's own would put several chunks into one.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { eventOf, type Work, works } from './work.ts';

const head =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
/** In ms: whoever has been given the first event by now has a connection that is at work. */
const moment = 200;

const server = createServer((socket) => {
  socket.setNoDelay(true).on('error', () => undefined);
  socket.once('data', (request) => {
    const name = /^GET \/([\w-]+)/.exec(request.toString())?.[1];
    const work = works.find((each) => each.name === name);
    if (work === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    } else {
      serve(socket, work);
    }
  });
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});

function serve(socket: Socket, work: Work): void {
  socket.write(Buffer.concat([Buffer.from(head), chunkOf(eventOf(work))]));
  if (work.streams === undefined) {
    setTimeout(() => {
      send(socket, work);
    }, moment);
  }
}

function send(socket: Socket, work: Work): void {
  const chunk = chunkOf(eventOf(work).repeat(work.perPacket));
  // Several chunks a write: the server is not to be what is measured.
  const perWrite = Math.max(1, Math.floor(65_536 / chunk.length));
  const block = Buffer.concat(Array.from({ length: perWrite }, () => chunk));
  let left = Math.ceil(work.events / work.perPacket);
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const count = Math.min(left, perWrite);
      left -= count;
      if (!socket.write(count === perWrite ? block : block.subarray(0, count * chunk.length))) {
        socket.once('drain', more);
        return;
      }
    }
    // Left open: an end would make some contenders come again.
  };
  more();
}

function chunkOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}
