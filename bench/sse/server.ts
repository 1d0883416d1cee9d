/**
 * `node server.ts`: prints its port. `GET /NAME` is the stream of that work: one event, then, after
 * a pause, all others, the same bytes again and again, as fast as the client reads. It writes HTTP
 * itself: Node's server would join several chunks.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { eventOf, type Work, works } from './work.ts';

const head =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
/** The pause in ms: a client that got the first event by then reads its connection. */
const pause = 200;

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
    }, pause);
  }
}

function send(socket: Socket, work: Work): void {
  const chunk = chunkOf(eventOf(work).repeat(work.perPacket));
  // Several chunks per write keep the server out of the measurement.
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
    // The stream stays open: at an end some contenders would reconnect.
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
