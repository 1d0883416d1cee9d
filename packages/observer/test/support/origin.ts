import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of event streams whose requests the test answers, in order. */
export class Origin {
  readonly #server: Server;
  readonly #responses: ServerResponse[] = [];
  readonly #waiting: ((response: ServerResponse) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (_request, response: ServerResponse) => {
      const take = this.#waiting.shift();
      if (take === undefined) {
        this.#responses.push(response);
      } else {
        take(response);
      }
    });
  }

  static async open(): Promise<Origin> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Origin(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The next request, as its response. */
  async next(): Promise<ServerResponse> {
    return this.#responses.shift() ?? (await new Promise((take) => this.#waiting.push(take)));
  }

  /** Answers the next request by a stream that begins with this text and stays open. */
  async stream(text = ''): Promise<ServerResponse> {
    const response = await this.next();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    response.write(text);
    return response;
  }

  async refuse(status: number): Promise<void> {
    (await this.next()).writeHead(status, { 'content-length': '0' }).end();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
