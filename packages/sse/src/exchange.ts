import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import got, { type Request, type RequestError } from 'got';

import { gotOptions } from './got-options.ts';
import { forgetProtocol, hasStream, leaveSession, resetCode, shareSession } from './http2.ts';
import type { Hop } from './redirect.ts';
import type { SseRequest } from './request.ts';

export type Response = IncomingMessage & { readonly url: string };

export interface ExchangeHandlers {
  /** The head of the answer. It may come after `destroy`, when got has cookies to keep. */
  readonly answered: (response: Response) => void;
  /** 101: the socket has been closed. */
  readonly upgraded: (response: IncomingMessage) => void;
  /** Before or after the head; `reset` is why the stream was reset, over HTTP/2. */
  readonly failed: (error: RequestError, reset: string | undefined) => void;
}

/** One request, sent with got, by HTTP/1.1 or HTTP/2. */
export class Exchange {
  readonly #stream: Request;
  /** What got sends with, once it has found out how. */
  #sending: ClientRequest | undefined = undefined;

  constructor(hop: Hop, request: SseRequest, { answered, upgraded, failed }: ExchangeHandlers) {
    this.#stream = got.stream(hop.url, gotOptions(hop, request));
    this.#stream.once('request', (sending) => {
      this.#sending = sending;
      shareSession(sending);
    });
    // It stays to the end: an error that nobody listens to would end the program.
    this.#stream.on('error', (error: RequestError) => {
      if (request.got?.http2 === true && !hasStream(this.#sending)) {
        forgetProtocol(hop.url.origin);
      }
      failed(error, resetCode(this.#sending));
    });
    // Nobody asked for that: Node leaves such a socket to whoever listens for it.
    this.#stream.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      upgraded(response);
    });
    this.#stream.once('response', (response: Response) => {
      outsideOfGot(() => {
        answered(response);
      });
    });
  }

  /** Closes the socket, or cancels the stream of HTTP/2. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** To be called before `destroy` when nothing was heard: the connection may be dead, and is not for sharing any more. */
  distrust(): void {
    leaveSession(this.#sending);
  }
}

/** got would take an error of a handler for one of the request. */
function outsideOfGot(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
