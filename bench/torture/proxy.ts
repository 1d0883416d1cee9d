import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { DelayLine } from './delay-line.ts';
import { machineTime } from './machine-time.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Which bytes of a connection disappear while it stays open. */
export type Swallowed = 'both' | 'answers' | 'requests' | 'nothing';

/** The client's side of a connection, and the server's. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly answers: DelayLine;
  swallowed: Swallowed;
}

/**
 * A TCP proxy that delays, cuts and swallows. A connection whose bytes were swallowed stays deaf
 * for good, as one through a broken NAT does: only new ones are well again.
 */
export class Proxy implements Address {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** Where new connections lead to. */
  target: Address;
  /** How late answers are, in ms. */
  answersLateBy = 0;
  /** The traffic that new connections swallow. */
  swallowsNew: Swallowed = 'nothing';
  /**
   * A connection whose client sends this text gets no answer any more: the server carries out the
   * request, and the client never hears of it. It counts once.
   */
  deafAfter: string | undefined = undefined;
  /** When connections were made so far, by the machine's clock. */
  readonly made: number[] = [];
  /** The requests that are held on the way. */
  #held: (() => void)[] | undefined = undefined;
  readonly #links = new Set<Link>();
  readonly #server: Server;

  static async start(target: Address): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target);
  }

  private constructor(server: Server, target: Address) {
    this.#server = server;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      this.#pass(client);
    });
  }

  /** The ports by which the target knows the open connections. */
  get ports(): readonly number[] {
    return [...this.#links].flatMap(({ server }) => server.localPort ?? []);
  }

  /** Swallows the bytes of the open connections. */
  swallow(which: Swallowed): void {
    for (const link of this.#links) {
      link.swallowed = which;
    }
  }

  /** From now on requests stay on the way, until `letGo`. */
  hold(): void {
    this.#held ??= [];
  }

  /** The requests that were held arrive. */
  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const act of held) {
      act();
    }
  }

  /** Ends the open connections with a RST on both sides. */
  cut(): void {
    for (const { client, server } of this.#links) {
      reset(client);
      reset(server);
    }
  }

  /** Refuses new connections, as a machine does without a listener on the port. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Takes connections again after `refuse`. */
  async listen(): Promise<void> {
    this.#server.listen(this.port, this.host);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (this.#server.listening) {
      await this.refuse();
    }
  }

  #pass(client: Socket): void {
    this.made.push(machineTime());
    const link = {
      client,
      server: connect(this.target),
      answers: new DelayLine(),
      swallowed: this.swallowsNew,
    };
    this.#links.add(link);
    this.#forward(link, 'client', 'server');
    this.#forward(link, 'server', 'client');
  }

  #forward(link: Link, from: 'client' | 'server', to: 'client' | 'server'): void {
    const lost = from === 'client' ? 'requests' : 'answers';
    const isLost = (): boolean => link.swallowed === 'both' || link.swallowed === lost;
    link[from].setNoDelay().on('error', () => undefined);
    link[from].on('data', (bytes: Buffer) => {
      if (from === 'client') {
        this.#listenTo(bytes, link);
      }
      this.#inTime(link, from, () => {
        if (!isLost() && link[to].writable) {
          link[to].write(bytes);
        }
      });
    });
    link[from].on('close', (hadError) => {
      if (link[to].closed) {
        this.#links.delete(link);
      }
      // A half-open connection does not tell its other end either.
      if (!isLost()) {
        this.#inTime(link, from, () => {
          end(link[to], hadError);
        });
      }
    });
  }

  #listenTo(bytes: Buffer, link: Link): void {
    if (this.deafAfter !== undefined && bytes.includes(this.deafAfter)) {
      this.deafAfter = undefined;
      link.swallowed = 'answers';
    }
  }

  #inTime(link: Link, from: 'client' | 'server', act: () => void): void {
    if (from === 'server') {
      link.answers.add(act, this.answersLateBy);
    } else if (this.#held !== undefined) {
      this.#held.push(act);
    } else {
      act();
    }
  }
}

function reset(socket: Socket): void {
  // While a socket ends, libuv refuses to reset it, and Node then leaves it open.
  if (socket.writableEnded) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

function end(socket: Socket, hadError: boolean): void {
  if (hadError) {
    reset(socket);
  } else {
    socket.destroySoon();
  }
}
