import type { ServerResponse } from 'node:http';

/** A fault that a server puts into the answer of a model, or into that of an MCP server. */
export interface SdkFault {
  readonly name: string;
  readonly title: string;
  /** `start`: the first events of an answer, as the SDK expects them. */
  readonly play: (response: ServerResponse, start: string) => void;
}

const eventStream = { 'content-type': 'text/event-stream' };

/** Begins an answer that goes on with other bytes every so often, in ms. */
function goOn(response: ServerResponse, start: string, bytes: string, ms: number): void {
  response.writeHead(200, eventStream).write(start);
  const timer = setInterval(() => response.write(bytes), ms);
  response.on('close', () => clearInterval(timer));
}

/** Limits of a second stand for those of a minute, and an hour shrinks with them. */
export const sdkFaults: readonly SdkFault[] = [
  { name: 'no-head', title: 'stalls before the head', play: () => undefined },
  {
    name: 'endless-head',
    title: 'a head without end',
    play: (response) => {
      const { socket } = response;
      socket?.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket?.write('x-a: b\r\n'), 100);
      socket?.on('close', () => clearInterval(timer));
    },
  },
  {
    name: 'stall',
    title: 'stalls in the answer',
    play: (response, start) => void response.writeHead(200, eventStream).write(start),
  },
  {
    name: 'cut',
    title: 'cuts the connection',
    play: (response, start) => {
      response.writeHead(200, eventStream).write(start);
      setTimeout(() => response.destroy(), 200);
    },
  },
  {
    name: 'early-end',
    title: 'ends in mid-answer, in good order',
    play: (response, start) => void response.writeHead(200, eventStream).end(start),
  },
  {
    name: 'byte-an-hour',
    title: 'a byte an hour (here: 60 s)',
    play: (response, start) => goOn(response, start, 'd', 60_000),
  },
  {
    name: 'drip',
    title: 'bytes that never end an event',
    play: (response, start) => goOn(response, start, 'd', 300),
  },
  {
    name: 'comments',
    title: 'comments only',
    play: (response, start) => goOn(response, start, ': ping\n\n', 300),
  },
  {
    name: 'huge-event',
    title: 'an event of 12 MiB without an end',
    play: (response, start) =>
      void response.writeHead(200, eventStream).write(`${start}data: ${'x'.repeat(12 * 2 ** 20)}`),
  },
  {
    name: 'html',
    title: 'a page by status 200',
    play: (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'),
  },
];
