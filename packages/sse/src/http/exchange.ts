import { type ClientRequest, IncomingMessage } from 'node:http';
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
  /**
   * Before or after the head, by got's error or by Node's; `reset` is why the stream was reset,
   * over HTTP/2.
   */
  readonly failed: (error: NodeJS.ErrnoException, reset: string | undefined) => void;
}

/** One request, sent with got, by HTTP/1.1 or HTTP/2. */
export class Exchange {
  /** Until it is let go. */
  #stream: Request | undefined;
  readonly #failed: ExchangeHandlers['failed'];
  /** What got sends with, once it has found out how. */
  #sending: ClientRequest | undefined = undefined;

  constructor(hop: Hop, request: SseRequest, { answered, upgraded, failed }: ExchangeHandlers) {
    this.#failed = failed;
    const stream = got.stream(hop.url, gotOptions(hop, request));
    this.#stream = stream;
    stream.once('request', (sending) => {
      this.#sending = sending;
      shareSession(sending);
      if (request.got?.decompress !== false) {
        sending.prependOnceListener('response', (response: IncomingMessage) => {
          refuseNested(response, failed);
        });
      }
    });
    // It stays to the end: an error that nobody listens to would end the program.
    stream.on('error', (error: RequestError) => {
      if (request.got?.http2 === true && !hasStream(this.#sending)) {
        forgetProtocol(hop.url.origin);
      }
      failed(error, resetCode(this.#sending));
    });
    // Nobody asked for that: Node leaves such a socket to whoever listens for it.
    stream.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      upgraded(response);
    });
    stream.once('response', (response: Response) => {
      outsideOfGot(() => {
        answered(response);
      });
    });
  }

  /**
   * Once the body is all that is to come, got has nothing more to do with it, and two thirds of
   * what an idle stream takes is what got keeps for it: its listeners are taken off, and it goes
   * with them. Only where the answer is as Node gives it: what got has decompressed, or had by
   * HTTP/2, it has to stay for.
   */
  letGo(response: Response): void {
    const sending = this.#sending;
    // Node's own, which gives the socket back or closes it. Where it is not found, things are not
    // as they are meant here.
    const ownEnd = response.listeners('end').find(({ name }) => name === 'responseOnEnd');
    if (
      sending === undefined ||
      ownEnd === undefined ||
      Object.getPrototypeOf(response) !== IncomingMessage.prototype
    ) {
      return;
    }
    this.#stream = undefined;
    for (const event of sending.eventNames().filter((name) => name !== 'finish')) {
      sending.removeAllListeners(event);
    }
    response.removeAllListeners().on('end', ownEnd as () => void);
    (response as { request?: Request | undefined }).request = undefined;
    const failed = (error: Error): void => {
      this.#failed(error, undefined);
    };
    sending.on('error', failed);
    response.on('error', failed);
  }

  /** Closes the socket, or cancels the stream of HTTP/2. */
  destroy(): void {
    (this.#stream ?? this.#sending)?.destroy();
  }

  /**
   * To be called before `destroy` when nothing was heard: the connection may be dead, and is not
   * for sharing any more.
   */
  distrust(): void {
    leaveSession(this.#sending);
  }
}

/**
 * Before got sees the answer: it would undo as many content codings as are named. Two make a bomb
 * of a bomb, a million bytes of each that is sent; some thousands overflow the stack, which ends
 * the program.
 */
function refuseNested({ headers }: IncomingMessage, failed: ExchangeHandlers['failed']): void {
  const named = headers['content-encoding'] ?? '';
  const codings = named.split(',').filter((name) => !/^\s*(?:identity)?\s*$/i.test(name));
  if (codings.length > 1) {
    headers['content-encoding'] = undefined;
    const error = new Error(`Expected one content coding, got ${codings.length}`);
    failed(Object.assign(error, { code: 'ERR_CONTENT_ENCODING' }), undefined);
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
