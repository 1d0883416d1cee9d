import { Attempt, type Connection } from '../http/attempt.ts';
import { isEventStream } from '../http/connection.ts';
import { closed, requestFailed } from '../http/failure.ts';
import type { HopBody } from '../http/redirect.ts';
import { limitsOf } from './body-limits.ts';
import type { FetchFailure } from './failure.ts';
import { errorOf } from './fetch-error.ts';
import type { CallOptions } from './options.ts';
import { fetchRules } from './request.ts';
import { type BodyEnd, ResponseBody } from './response-body.ts';
import { type FetchedHead, responseOf } from './response.ts';
import type { FetchRecord } from './status.ts';
import { Upload } from './upload.ts';

/** How a call comes to its end, and the changes on the way there. */
export interface CallHandlers {
  readonly answered: () => void;
  /** Called once, last. */
  readonly ended: (end: BodyEnd) => void;
}

/** One call of `fetch`, up to the end of the body of its response. */
export class FetchCall {
  /**
   * Kept until the end: once a `Request` is collected, its signal no longer follows the program's.
   */
  readonly #request: Request;
  readonly #options: CallOptions;
  readonly #record: FetchRecord;
  readonly #handlers: CallHandlers;
  /**
   * `undefined` once it has settled: a call must not keep a response that the program has dropped.
   */
  #waiting: PromiseWithResolvers<Response> | undefined = undefined;
  #upload: Upload | undefined = undefined;
  #connection: Connection | undefined = undefined;
  #body: ResponseBody | undefined = undefined;
  #isOver = false;

  constructor(request: Request, options: CallOptions, record: FetchRecord, handlers: CallHandlers) {
    this.#request = request;
    this.#options = options;
    this.#record = record;
    this.#handlers = handlers;
  }

  /** `source`: the value that the body of the request was made of, if that is known. */
  run(source: unknown): Promise<Response> {
    const { signal, body } = this.#request;
    const { promise } = (this.#waiting = Promise.withResolvers<Response>());
    if (body !== null && !(source instanceof Blob)) {
      this.#upload = new Upload(body, this.#options.clock, (error) => {
        this.#fail(requestFailed(error));
      });
    }
    if (signal.aborted) {
      this.#aborted();
    } else {
      signal.addEventListener('abort', this.#aborted);
      void this.#send(source);
    }
    return promise;
  }

  async #send(source: unknown): Promise<void> {
    try {
      const content =
        source instanceof Blob
          ? source
          : source instanceof ReadableStream
            ? this.#upload?.stream()
            : await this.#upload?.content();
      if (!this.#isOver) {
        this.#connect(content);
      }
    } catch (error) {
      this.#fail(requestFailed(error));
    }
  }

  #connect(content: HopBody | undefined): void {
    const { contentType: accepts, ...transport } = this.#options;
    const request = { ...transport, request: this.#request, content, accepts };
    this.#connection = new Attempt(
      fetchRules,
      request,
      {
        connected: (head) => {
          this.#connected(head);
        },
        packet: (packet) => {
          this.#body?.packet(packet);
        },
        failed: (failure) => {
          this.#fail(failure);
        },
        disconnected: (disconnect) => {
          this.#body?.disconnected(disconnect);
        },
        held: () => {
          this.#body?.held();
        },
      },
      this.#options.clock,
    );
  }

  #connected(head: FetchedHead): void {
    this.#record.answered(head.status, head.url);
    this.#handlers.answered();
    if (this.#connection === undefined || hasNoBody(head.status, this.#request.method)) {
      this.#resolve(responseOf(null, head));
      this.#end({ type: 'closed' });
      return;
    }
    const failed = (failure: FetchFailure): void => {
      this.#body?.fail(failure);
    };
    const isStream = isEventStream(head.headers.get('content-type') ?? '');
    const limits = limitsOf(isStream, this.#options, failed);
    this.#body = new ResponseBody(this.#connection, limits, this.#record, (end) => {
      this.#end(end);
    });
    this.#resolve(responseOf(this.#body.open(), head));
    if (head.headers.get('content-length') === '0') {
      // The body is closed now, and not soon: no abort can come before that.
      this.#body.disconnected(closed);
    }
  }

  readonly #aborted = (): void => {
    const { reason } = this.#request.signal as { readonly reason: unknown };
    this.#upload?.cancel(reason);
    if (this.#body === undefined) {
      this.#reject(reason);
      this.#end({ type: 'aborted' });
    } else {
      this.#body.abort(reason);
    }
  };

  #resolve(response: Response): void {
    this.#waiting?.resolve(response);
    this.#waiting = undefined;
  }

  #reject(error: unknown): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** Of the request. Its stream can fail while the response is read. */
  #fail(failure: FetchFailure): void {
    if (this.#body === undefined) {
      this.#reject(errorOf(failure, 'fetch failed'));
      this.#end(failure);
    } else {
      this.#body.fail(failure);
    }
  }

  #end(end: BodyEnd): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#record.state = 'over';
      this.#request.signal.removeEventListener('abort', this.#aborted);
      this.#connection?.destroy();
      // After an end in good order, or an abort, there is nothing left of it to cancel.
      this.#upload?.cancel(undefined);
      this.#handlers.ended(end);
    }
  }
}

/** A null body status (WHATWG Fetch 2.2.3), or the answer to HEAD. */
function hasNoBody(status: number, method: string): boolean {
  return method === 'HEAD' || [204, 205, 304].includes(status);
}
