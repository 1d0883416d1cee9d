import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

import { listen, type TestServer } from './servers.ts';

/** A real proxy on loopback: forwards requests and opens tunnels. `asked` lists both, in order. */
export interface Proxy extends TestServer {
  readonly asked: readonly IncomingMessage[];
}

/** `isAllowed` decides on each request and tunnel; the others get 407. */
export async function serveProxy(
  isAllowed: (request: IncomingMessage) => boolean = () => true,
): Promise<Proxy> {
  const asked: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming);
    if (!isAllowed(incoming)) {
      outgoing.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
      return;
    }
    const {
      'proxy-authorization': _,
      'proxy-connection': _connection,
      ...headers
    } = incoming.headers;
    const passed = request(incoming.url ?? '', {
      method: incoming.method ?? 'GET',
      headers,
      agent: false,
    });
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  server.on('connect', (incoming: IncomingMessage, socket, first: Buffer) => {
    asked.push(incoming);
    socket.on('error', () => undefined);
    if (!isAllowed(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const tunnel = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      tunnel.write(first);
      socket.pipe(tunnel).pipe(socket);
    });
    tunnel.on('error', () => socket.destroy());
    socket.on('close', () => tunnel.destroy());
  });
  return { ...(await listen(server, 'http:')), asked };
}
