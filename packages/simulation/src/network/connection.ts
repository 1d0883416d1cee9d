import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import type { Network } from './network.ts';
import { Pipe } from './pipe.ts';

export interface ConnectionEnds {
  readonly client: Owner;
  readonly server: Owner;
  /** The connection was reset, or could not be made: called on the side of the client. */
  readonly failed: (code: string) => void;
  /** The client has closed it: called on the side of the server. */
  readonly closed: () => void;
  /** The client has taken something. */
  readonly drained: () => void;
}

/** A connection that a client has opened: a pipe in each direction, and the faults of both. */
export class Connection {
  readonly up: Pipe;
  readonly down: Pipe;
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #ends: ConnectionEnds;
  readonly #draws: Draws;
  #isReset = false;

  constructor(engine: Engine, network: Network, ends: ConnectionEnds) {
    const { client, server, drained } = ends;
    this.#engine = engine;
    this.#network = network;
    this.#ends = ends;
    this.#draws = engine.choices.stream(`connections ${client.name} ${server.name}`);
    this.up = new Pipe(engine, network.link(client.name, server.name), server);
    this.down = new Pipe(engine, network.link(server.name, client.name), client, drained);
  }

  /** Whether the client still hears of it. */
  get isOpen(): boolean {
    return !this.down.isClosed && this.#ends.client.isAlive;
  }

  /** Sends the first packet, unless the connection cannot be made within `timeout` ms. */
  open(what: string, timeout: number, deliver: () => void): void {
    const { client, server } = this.#ends;
    const isCut =
      this.#network.link(client.name, server.name).isCut ||
      this.#network.link(server.name, client.name).isCut;
    if (isCut || this.#hasFault()) {
      this.#fail('ETIMEDOUT', timeout * 1000);
    } else {
      this.up.send({ what, size: 0, deliver });
    }
  }

  /** Sends from the server to the client. */
  answer(what: string, size: number, deliver: () => void): void {
    if (!this.#isReset) {
      this.down.send({ what, size, deliver });
    }
    if (!this.#isReset && this.isOpen && this.#hasFault()) {
      this.#breakOff();
    }
  }

  /** The server, or the network, resets it: packets in flight are lost. */
  reset(code = 'ECONNRESET'): void {
    const { client, server } = this.#ends;
    this.#isReset = true;
    this.#fail(code, this.#network.link(server.name, client.name).delay());
  }

  /** Bytes vanish in both directions from now on, and no side gets an error. */
  vanish(): void {
    const { client, server } = this.#ends;
    this.#engine.enter(server, {
      kind: 'fault',
      what: `its connection with ${client.name} falls silent`,
    });
    this.up.close();
    this.down.close();
  }

  /** The client closes it. */
  close(): void {
    this.down.close();
    const { client, closed } = this.#ends;
    this.up.send({ what: `a connection of ${client.name} is closed`, size: 0, deliver: closed });
  }

  #hasFault(): boolean {
    return this.#draws.chance(this.#engine.rates.network);
  }

  #breakOff(): void {
    const { client, server } = this.#ends;
    switch (this.#draws.below(3)) {
      case 0:
        this.reset();
        return;
      case 1:
        this.vanish();
        return;
      default:
        this.#network.cutForAWhile(server.name, client.name);
    }
  }

  #fail(code: string, delay: number): void {
    const { client, server, failed, closed } = this.#ends;
    this.#engine.schedule({
      at: this.#engine.now + delay,
      owner: client,
      kind: 'wire',
      what: `its connection with ${server.name} fails: ${code}`,
      run: () => {
        if (!this.down.isClosed) {
          this.up.close();
          this.down.close();
          closed();
          failed(code);
        }
      },
    });
  }
}
