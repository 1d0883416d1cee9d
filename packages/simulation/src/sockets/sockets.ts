import { Agent, type ClientRequestArgs, Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { assertName, assertThat } from '../arguments/assert.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import type { Network } from '../network/network.ts';
import { Pipe } from '../network/pipe.ts';
import type { Incarnation } from '../node/incarnation.ts';
import type { SimulatedNode } from '../node/node.ts';
import { SimulatedSocket } from './socket.ts';

/** A server of Node, and the life of the node that it belongs to. */
interface Listener {
  readonly server: Server;
  readonly life: Incarnation;
}

/** The servers of `node:http` of all nodes, by the names of their hosts, and sockets to them. */
export class Sockets {
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #listeners: Map<string, Listener> = new Map();
  /** The lives of nodes that have an agent. */
  readonly #users: WeakSet<Owner> = new WeakSet();

  constructor(engine: Engine, network: Network) {
    this.#engine = engine;
    this.#network = network;
  }

  /** The server takes the connections to `host` from now on, until its node crashes. */
  listen(node: SimulatedNode, host: string, server: Server): void {
    assertName('the host of a server', host);
    assertThat(server instanceof Server, 'Expected a server of node:http', server);
    const isFree = this.#listeners.get(host)?.life.isAlive !== true;
    assertThat(isFree, 'Expected a host that no other server has', host);
    const life = node.incarnation;
    this.#listeners.set(host, { server, life });
    // Node takes the time of this header from the host.
    server.prependListener('request', (_, response: ServerResponse) => {
      if (response.sendDate) {
        response.setHeader('date', new Date(life.clock.date()).toUTCString());
      }
    });
  }

  /** An agent whose connections lead to the servers of nodes. */
  agent(node: SimulatedNode): Agent {
    this.#users.add(node.incarnation);
    return new SimulatedAgent((host) => this.#connect(node.incarnation, host));
  }

  /** Whether the requests of this part of the run go over sockets. */
  areUsedBy(owner: Owner): boolean {
    return this.#users.has(owner);
  }

  #connect(life: Incarnation, host: string): SimulatedSocket {
    const listener = this.#listeners.get(host);
    const server = listener?.life ?? { name: host, isAlive: true, pausedUntil: 0 };
    const client = new SimulatedSocket(life, {
      remote: host,
      isServer: false,
      openPipe: (drained) => this.#pipe(life, server, drained),
    });
    client.tell(`a connection of ${life.name} arrives`, () => {
      if (listener === undefined) {
        const deliver = (): void => {
          client.fail('ECONNREFUSED');
        };
        this.#pipe(server, life).send({ what: `${host} refuses a connection`, size: 0, deliver });
      } else {
        this.#accept(client, listener);
      }
    });
    return client;
  }

  #accept(client: SimulatedSocket, { life, server }: Listener): void {
    const socket = new SimulatedSocket(life, {
      remote: client.life.name,
      isServer: true,
      openPipe: (drained) => this.#pipe(life, client.life, drained),
    });
    socket.join(client);
    client.join(socket);
    socket.tell(`${life.name} has accepted a connection`, () => {
      client.connected();
    });
    server.emit('connection', socket);
  }

  #pipe(from: Owner, to: Owner, drained?: () => void): Pipe {
    return new Pipe(this.#engine, this.#network.link(from.name, to.name), to, drained);
  }
}

class SimulatedAgent extends Agent {
  readonly #connect: (host: string) => Duplex;

  constructor(connect: (host: string) => Duplex) {
    super({ keepAlive: false });
    this.#connect = connect;
  }

  createConnection({ host }: ClientRequestArgs): Duplex {
    return this.#connect(host ?? 'localhost');
  }
}
