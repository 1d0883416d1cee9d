import type { Clock } from '@reprise/actor';
import { redact } from '@reprise/actor/text';

import type { FetchFailure } from './failure.ts';

/** The status of one request and its response. Ages are in ms. */
export interface FetchStatus {
  /** Counts the requests of one `guarded`, from 1 on. */
  readonly id: number;
  readonly method: string;
  /** The URL that was asked for, and then the one that answered, without credentials. */
  readonly url: string;
  /**
   * `requesting`: the head has not come. `reading`: the body is waited for. `held`: the program
   * does not read the body. `over`: nothing more comes.
   */
  readonly state: 'requesting' | 'reading' | 'held' | 'over';
  /** The HTTP status, once there is a response. */
  readonly status: number | undefined;
  /** Since `fetch` was called. */
  readonly age: number;
  /** Since the last byte of the body or, before it, since the head, or the call of `fetch`. */
  readonly silence: number;
  /** Bytes of the body so far, decompressed. */
  readonly bytes: number;
}

/** One change in the life of a request, as `onStatus` gets it. */
export type FetchStatusChange =
  | { readonly type: 'requested'; readonly request: FetchStatus }
  /** The head of the response has come. */
  | { readonly type: 'answered'; readonly request: FetchStatus }
  /** The body has come to its end, or there is none. */
  | { readonly type: 'ended'; readonly request: FetchStatus }
  /** By the signal, by a cancel of the body, or since no code can read the body any more. */
  | { readonly type: 'aborted'; readonly request: FetchStatus }
  | { readonly type: 'failed'; readonly request: FetchStatus; readonly failure: FetchFailure };

/** The known facts about a request in flight. */
export class FetchRecord {
  readonly #clock: Clock;
  readonly #id: number;
  readonly #method: string;
  readonly #startedAt: number;
  #url: string;
  #status: number | undefined = undefined;
  #heardAt: number;
  #bytes = 0;
  state: FetchStatus['state'] = 'requesting';

  constructor(
    clock: Clock,
    id: number,
    { method, url }: { readonly method: string; readonly url: string },
  ) {
    this.#clock = clock;
    this.#id = id;
    this.#method = method;
    this.#url = redact(url);
    this.#startedAt = clock.now();
    this.#heardAt = this.#startedAt;
  }

  answered(status: number, url: string): void {
    this.#status = status;
    this.#url = redact(url);
    this.#heardAt = this.#clock.now();
  }

  received(bytes: number): void {
    this.#bytes += bytes;
    this.#heardAt = this.#clock.now();
  }

  read(): FetchStatus {
    const now = this.#clock.now();
    return {
      id: this.#id,
      method: this.#method,
      url: this.#url,
      state: this.state,
      status: this.#status,
      age: now - this.#startedAt,
      silence: now - this.#heardAt,
      bytes: this.#bytes,
    };
  }
}
