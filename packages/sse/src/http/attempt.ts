import type { Clock } from '@reprise/actor';

import type { RequestBudget } from '../budget/request-budget.ts';
import { describeRefused } from '../maybe-promise.ts';
import { Deadline } from '../time/deadline.ts';
import { BodyStart } from './body-start.ts';
import { Body } from './body.ts';
import { openExchange } from './exchange.ts';
import { badRequest, type ConnectFailure, type Disconnect, requestFailed } from './failure.ts';
import { connectFailureOf, networkFailureOf } from './got-error.ts';
import { defaultConnectTimeout } from './got-options.ts';
import { withHidden } from './hidden.ts';
import { defaultRedirectDelay, type Hop, shownUrl } from './redirect.ts';
import type { TransportOptions } from './request.ts';
import type { Exchange, ExchangeHandlers, ExchangeResponse } from './transport.ts';

/**
 * The calls of a connection to its owner: either `failed`, once, or `connected`, then `packet` any
 * number of times, then `disconnected`, once. None of them is made while the owner calls the
 * connection, except for `packet` in `resume`.
 */
export interface ConnectionHandlers<Head, Failure> {
  readonly connected: (head: Head) => void;
  /**
   * Bytes of the body, decompressed. The owner uses or copies them before it returns, or before it
   * calls `resume`.
   */
  readonly packet: (packet: Uint8Array) => void;
  readonly failed: (failure: ConnectFailure | Failure) => void;
  readonly disconnected: (disconnect: Disconnect) => void;
  /** The body has come to its end while it is paused: `disconnected` follows after `resume`. */
  readonly held?: () => void;
}

/** One attempt to connect, and its body up to its end. */
export interface Connection {
  /** Whether nothing but the end of the body waits for `resume`. */
  readonly isAtEnd: boolean;
  /**
   * Once connected: holds back packets and the end until `resume`. Up to 64 KiB are read ahead, and
   * a packet or two; then the socket is not read, and the server's writes block. (With an agent of
   * the user's own, Node buffers up to 128 KiB more.) The idle timeout stands still.
   */
  pause(): void;
  resume(): void;
  /** Closes the socket at once; no handler is called any more. Idempotent. */
  destroy(): void;
}

/** The use of a response, by its head. */
export type Judgement<Head, Failure> =
  /** Its body is read. */
  | { readonly type: 'open'; readonly head: Head }
  /** Another request follows, or, for a redirect that is refused, none. */
  | { readonly type: 'follow'; readonly next: Hop }
  | { readonly type: 'fail'; readonly failure: ConnectFailure | Failure }
  /** The attempt fails with the start of the body. */
  | {
      readonly type: 'refuse';
      readonly failure: (body: string) => ConnectFailure | Failure;
    };

/** The difference between a request for an event stream and one of `fetch`. Pure functions. */
export interface AttemptRules<Request extends TransportOptions, Head, Failure> {
  /** Why the request can never be sent, if it cannot. */
  readonly problem: (request: Request) => string | undefined;
  readonly firstHop: (request: Request) => Hop;
  readonly judge: (
    request: Request,
    hop: Hop,
    response: ExchangeResponse,
  ) => Judgement<Head, Failure>;
}

/**
 * Sends a request, follows redirects, and reads the body of the response that the rules accept. The
 * caller has waited for `budget`; each redirect waits for it again. got times lookup, TCP and TLS
 * in real time; all other timeouts are on `clock`.
 */
export class Attempt<Request extends TransportOptions, Head, Failure> implements Connection {
  readonly #rules: AttemptRules<Request, Head, Failure>;
  readonly #request: Request;
  readonly #handlers: ConnectionHandlers<Head, Failure>;
  readonly #clock: Clock;
  readonly #budget: RequestBudget | undefined;
  #exchange: Exchange | undefined = undefined;
  #body: Body | undefined = undefined;
  /** For the head of the response, then for the start of a body that is refused. */
  #deadline: Deadline | undefined = undefined;
  /** A redirect that is followed after a delay. */
  #delayedHop: Deadline | undefined = undefined;
  #isOver = false;

  constructor(
    rules: AttemptRules<Request, Head, Failure>,
    request: Request,
    handlers: ConnectionHandlers<Head, Failure>,
    clock: Clock,
    budget?: RequestBudget,
  ) {
    this.#rules = rules;
    this.#budget = budget;
    this.#request = request;
    this.#handlers = handlers;
    this.#clock = clock;
    const problem = rules.problem(request);
    if (problem === undefined) {
      this.#start();
    } else {
      queueMicrotask(() => {
        this.#fail(badRequest(problem));
      });
    }
  }

  get isAtEnd(): boolean {
    return this.#body?.isAtEnd === true;
  }

  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  destroy(): void {
    this.#isOver = true;
    this.#deadline?.clear();
    this.#delayedHop?.clear();
    this.#exchange?.destroy();
    // The socket is closed, but a decompressor in between may still hold packets.
    this.#body?.destroy();
  }

  #start(): void {
    const { responseTimeout = 300_000 } = this.#request;
    this.#deadline = new Deadline(this.#clock, responseTimeout, () => {
      this.#exchange?.markDead();
      this.#fail({ type: 'timeout', phase: 'response', ms: responseTimeout });
    });
    this.#send(this.#rules.firstHop(this.#request));
  }

  #send(hop: Hop): void {
    this.#budget?.take();
    this.#exchange = openExchange(hop, this.#request, {
      answered: (response) => {
        if (!this.#isOver) {
          this.#judge(hop, response);
        }
      },
      upgraded: ({ headers }) => {
        const url = shownUrl(hop.url);
        const failure = { type: 'status', status: 101, url } as const;
        this.#fail(withHidden(failure, { headers: { ...headers }, body: '' }));
      },
      failed: (error, reset) => {
        this.#break(error, reset);
      },
    });
  }

  #judge(hop: Hop, response: ExchangeResponse): void {
    const judgement = this.#rules.judge(this.#request, hop, response);
    switch (judgement.type) {
      case 'open':
        this.#open(response, judgement.head);
        return;
      case 'follow':
        this.#follow(judgement.next);
        return;
      case 'refuse':
        this.#refuse(response, judgement.failure);
        return;
      case 'fail':
        this.#fail(judgement.failure);
    }
  }

  /**
   * Destroys the last exchange only when the next one has begun: over HTTP/2 it keeps the session
   * open until the next stream is on it.
   */
  #follow(next: Hop): void {
    const before = this.#exchange;
    this.#exchange = undefined;
    const delay = delayBefore(next, this.#request);
    if (typeof delay === 'object') {
      this.#fail(delay);
    } else if (!this.#isOver) {
      this.#sendIn(Math.max(delay, this.#budget?.wait ?? 0), next);
    }
    before?.destroy();
  }

  #sendIn(delay: number, hop: Hop): void {
    if (delay > 0) {
      this.#delayedHop = new Deadline(this.#clock, delay, () => {
        this.#send(hop);
      });
    } else {
      this.#send(hop);
    }
  }

  /** Fails with the body, or with the part of it that comes within its limits. */
  #refuse(response: ExchangeResponse, failure: (body: string) => ConnectFailure | Failure): void {
    const { maxBodySize = 65_536, bodyTimeout = 5000 } = this.#request;
    const start = new BodyStart(maxBodySize, (text) => {
      this.#leaveMisdirected(response);
      this.#fail(failure(text));
    });
    this.#break = start.end;
    this.#deadline?.clear();
    this.#deadline = new Deadline(this.#clock, bodyTimeout, start.end);
    response.readBody(start.take, start.end);
  }

  /** 421: the next attempt must not use this connection (RFC 9110 15.5.20). */
  #leaveMisdirected({ statusCode }: ExchangeResponse): void {
    if (statusCode === 421) {
      this.#exchange?.markDead();
    }
  }

  #open(response: ExchangeResponse, head: Head): void {
    const { packet, disconnected, held } = this.#handlers;
    const ended = (disconnect: Disconnect): void => {
      if (disconnect.type === 'timeout') {
        this.#exchange?.markDead();
      }
      this.destroy();
      disconnected(disconnect);
    };
    this.#exchange?.accepted();
    const { idleTimeout = Infinity } = this.#request;
    const body = new Body(response, { packet, ended, held }, idleTimeout, this.#clock);
    this.#deadline?.clear();
    this.#body = body;
    this.#break = (error, reset) => {
      body.end(networkFailureOf(error, reset));
    };
    this.#handlers.connected(head);
    body.read();
  }

  /** Handles an error; `#refuse` and `#open` replace it as the attempt goes on. */
  #break: ExchangeHandlers['failed'] = (error, reset) => {
    const { connectTimeout = defaultConnectTimeout } = this.#request;
    this.#fail(connectFailureOf(error, { connectTimeout, reset }));
  };

  #fail(failure: ConnectFailure | Failure): void {
    if (!this.#isOver) {
      this.destroy();
      this.#handlers.failed(failure);
    }
  }
}

/** In ms, or the failure of the function that says it. */
function delayBefore(
  { trail }: Hop,
  { redirectDelay = defaultRedirectDelay }: TransportOptions,
): number | ConnectFailure {
  try {
    const delay: unknown = redirectDelay(trail.length);
    assertDelay(delay);
    return delay;
  } catch (error) {
    return requestFailed(error, 'redirectDelay');
  }
}

function assertDelay(delay: unknown): asserts delay is number {
  if (!(typeof delay === 'number' && delay >= 0)) {
    const got = describeRefused(delay);
    throw new TypeError(`Expected redirectDelay to return milliseconds from 0 on, got ${got}`);
  }
}
