import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * Listens with room for few, and then its thread sleeps and takes nobody in: Linux answers no
 * further SYN.
 */
const listener = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** A port of loopback that is open and does not answer a SYN. */
export async function deafPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const worker = new Worker(listener, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  // As many as are let in wait for ever; the first that is not let in shows that the queue is full.
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
