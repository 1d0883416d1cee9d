/** A request as an origin gets it. */
export interface OriginRequest {
  /** The number of the request, from 1 on. */
  readonly n: number;
  /** When it arrived, in ms of virtual time. */
  readonly at: number;
  /** The node that sent it. */
  readonly node: string;
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
  /** `""` for none. */
  readonly lastEventId: string;
  /** Whether the client still waits for an answer. It may have given up a late request. */
  readonly isAwaited: boolean;
}

/** The answer of an origin to a request. */
export type OriginAnswer =
  /** The events after the Last-Event-ID, and those to come. */
  | StreamAnswer
  /** Another status, such as 204 or 503. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly type: 'redirect'; readonly to: string; readonly status?: number }
  /** No answer; the connection stays open. */
  | { readonly type: 'silence' }
  /** No connection. */
  | { readonly type: 'refuse' };

export interface StreamAnswer {
  readonly type: 'stream';
  /** How many events up to the Last-Event-ID are sent again. `Infinity`: all. Default: 0. */
  readonly repeats?: number;
  /** A `retry` field at the beginning, in ms. Default: none. */
  readonly retry?: number;
  /** After so many events the stream ends. Default: never. */
  readonly events?: number;
  /** How it ends: in good order, by a reset, or by silence. Default: `close`. */
  readonly end?: 'close' | 'reset' | 'silence';
}

export const answerTypes: readonly OriginAnswer['type'][] = [
  'stream',
  'status',
  'redirect',
  'silence',
  'refuse',
];
