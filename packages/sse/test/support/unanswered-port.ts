import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * Listens with a short queue on a thread that sleeps and never accepts: once the queue is full,
 * Linux answers no further SYN.
 */
const listener = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** A port of loopback that does not answer a SYN. */
export async function unansweredPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const worker = new Worker(listener, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  // Connections in the queue wait for ever; the first one that times out shows that it is full.
  const queue = Array.from({ length: 2 }, () => connect(port, '127.0.0.1'));
  await Promise.all(queue.map((socket) => once(socket, 'connect')));
  return {
    port,
    async [Symbol.asyncDispose]() {
      queue.forEach((socket: Socket) => socket.destroy());
      await worker.terminate();
    },
  };
}
