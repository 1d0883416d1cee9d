import type { Exchange, ExchangeHandlers, OutgoingRequest, Transport } from '@reprise/sse/testing';

import { assertThat } from '../arguments/assert.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { Connection } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import { OriginExchange } from './exchange.ts';
import { assertOriginOptions, Origin, type OriginOptions } from './origin.ts';

/** All origins of a run, by the names in URLs, and the transport of nodes to them. */
export class Origins {
  readonly #engine: Engine;
  readonly network: Network;
  readonly #byName: Map<string, Origin> = new Map();

  constructor(engine: Engine, network: Network) {
    this.#engine = engine;
    this.network = network;
  }

  add(name: string, options: OriginOptions): Origin {
    const isHost = /^[a-z\d][a-z\d.-]*$/.test(name);
    assertThat(isHost, 'Expected a name that a URL can have as its host', name);
    assertOriginOptions(options);
    const origin = new Origin(this.#engine, name, options);
    this.#byName.set(name, origin);
    return origin;
  }

  /** The transport for the requests of a node, of the test program or of a client. */
  transportFor(client: Owner): Transport {
    return (request, { connectTimeout = defaultConnectTimeout }, handlers) =>
      this.#send(client, request, connectTimeout, handlers);
  }

  #send(
    client: Owner,
    request: OutgoingRequest,
    connectTimeout: number,
    handlers: ExchangeHandlers,
  ): Exchange {
    const exchange = new OriginExchange(request, handlers);
    const origin = this.#byName.get(request.url.hostname);
    if (origin === undefined) {
      this.#engine.schedule({
        at: this.#engine.now,
        owner: client,
        kind: 'wire',
        what: `no machine has the name ${request.url.hostname}`,
        run: () => {
          exchange.failed('ENOTFOUND');
        },
      });
    } else {
      this.#open(client, origin, request, connectTimeout, exchange);
    }
    return exchange;
  }

  #open(
    client: Owner,
    origin: Origin,
    request: OutgoingRequest,
    connectTimeout: number,
    exchange: OriginExchange,
  ): void {
    const connection: Connection = new Connection(this.#engine, this.network, {
      client,
      server: origin.owner,
      failed: exchange.failed,
      closed: () => {
        connection.down.close();
      },
      drained: () => {
        origin.drained();
      },
    });
    exchange.connect(connection);
    const { method, url, headers, body } = request;
    const lastEventId = decoded(headers['last-event-id']);
    connection.open(`a request reaches ${origin.name}`, connectTimeout, () => {
      const { isOpen: isAwaited } = connection;
      const taken = { node: client.name, method, url, headers, body, lastEventId, isAwaited };
      origin.take(taken, connection, exchange);
    });
  }
}

/** In ms. */
const defaultConnectTimeout = 10_000;

/** A header is latin1, and an id UTF-8. */
function decoded(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? Buffer.from(header, 'latin1').toString('utf8') : '';
}
