import type {
  Exchange,
  ExchangeHandlers,
  ExchangeResponse,
  OutgoingRequest,
} from '@reprise/sse/testing';

import type { Connection } from '../network/connection.ts';
import type { StreamReader } from './stream.ts';

/** One request of a client to an origin, on the side of the client. */
export class OriginExchange implements Exchange, StreamReader {
  readonly #request: OutgoingRequest;
  readonly #handlers: ExchangeHandlers;
  #connection: Connection | undefined = undefined;
  #packet: StreamReader['packet'] | undefined = undefined;
  #ended: StreamReader['ended'] = () => undefined;
  #isDestroyed = false;

  constructor(request: OutgoingRequest, handlers: ExchangeHandlers) {
    this.#request = request;
    this.#handlers = handlers;
  }

  connect(connection: Connection): void {
    this.#connection = connection;
  }

  readonly failed = (code: string): void => {
    if (!this.#isDestroyed) {
      const error = new Error(`${code} ${this.#request.url.host}`);
      this.#handlers.failed(Object.assign(error, { code }));
    }
  };

  /** The head has arrived. */
  answered(status: number, statusText: string, headers: Readonly<Record<string, string>>): void {
    this.#connection?.down.pause();
    this.#handlers.answered(this.#responseOf(status, statusText, headers));
  }

  readonly packet = (bytes: Uint8Array): void => {
    this.#packet?.(bytes);
  };

  readonly ended = (): void => {
    this.#ended();
  };

  accepted(): void {
    // There is no more of it than it needs.
  }

  markDead(): void {
    // No other request uses its connection.
  }

  readonly destroy = (): void => {
    if (!this.#isDestroyed) {
      this.#isDestroyed = true;
      this.#connection?.close();
    }
  };

  #responseOf(
    statusCode: number,
    statusText: string,
    headers: Readonly<Record<string, string>>,
  ): ExchangeResponse {
    return {
      statusCode,
      statusText,
      headers,
      rawHeaders: Object.entries(headers).flat(),
      url: this.#request.url.href,
      readBody: (packet, ended) => {
        this.#packet = packet;
        this.#ended = ended;
        this.#connection?.down.resume();
      },
      pause: () => {
        this.#connection?.down.pause();
      },
      resume: () => {
        this.#connection?.down.resume();
      },
      destroy: this.destroy,
    };
  }
}
