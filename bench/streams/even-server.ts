import { createServer, type AddressInfo, type Socket } from 'node:net';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: open\n\n';
/** The interval between writes to some of the streams, in ms. */
const tick = 5;

/**
 * A server of event streams that prints its port. Once all streams are open, it writes so many
 * events a second, evenly spread over them, each in a packet of its own.
 */
export function serveEvenly(
  streams: number,
  perSecond: number,
  eventText: (number: number) => string,
): void {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true).on('error', () => undefined);
    socket.once('data', () => {
      socket.write(head);
      sockets.push(socket);
      if (sockets.length === streams) {
        writeTo(sockets, perSecond, eventText);
      }
    });
  }).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log((server.address() as AddressInfo).port);
  });
}

function writeTo(
  sockets: readonly Socket[],
  perSecond: number,
  eventText: (number: number) => string,
): void {
  const from = performance.now();
  let written = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - from) / 1000) * perSecond);
    for (; written < due; written += 1) {
      sockets[written % sockets.length]?.write(eventText(written));
    }
  }, tick);
}
