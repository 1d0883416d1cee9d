import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A server with limits: the program around it must not notice its visitors. */
export function createLimited(listener: RequestListener): Server {
  const limits = { maxHeaderSize: 16_384, requestTimeout: 15_000, keepAliveTimeout: 5000 };
  const server = createServer(limits, listener);
  server.headersTimeout = 10_000;
  server.maxConnections = 100;
  return server;
}

/**
 * Listens on the first of these ports that is free, and resolves with the address.
 * @throws the error of the last one
 */
export async function listen(
  server: Server,
  host: string,
  ports: readonly number[],
): Promise<AddressInfo> {
  const [port, ...others] = ports;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    if (others.length === 0) {
      throw error;
    }
    return listen(server, host, others);
  }
  // Nobody's program goes on for the observer alone.
  server.unref();
  return server.address() as AddressInfo;
}

const countOfPorts = 10;

/** The ports to try: the one that was used before, then ten in a row. 0 is any that is free. */
export function portsFrom(first: number, before: number | undefined): readonly number[] {
  const row = Array.from({ length: first === 0 ? 1 : countOfPorts }, (_, n) => first + n);
  const known = row.filter((port) => port <= 65_535 && port !== before);
  return before === undefined ? known : [before, ...known];
}
