import type { IncomingMessage } from 'node:http';

import type { Sink } from '../live/sink.ts';

/** A request as the observer sees it, of `node:http` or of the Fetch standard. */
export interface Question {
  readonly method: string;
  /** Below the place where the observer is mounted: `/api/tree`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Every value of a header: one that was sent twice has two. */
  header(name: string): readonly string[];
  /** Where the connection comes from. */
  readonly address: string;
  /** The request as its server has it. */
  readonly request: IncomingMessage | Request;
  /** The body as text; `undefined` if it is longer than `limit` bytes. */
  body(limit: number): Promise<string | undefined>;
}

/** What the observer answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** All of the body, or a function that writes it as long as the reader stays. */
  readonly body: string | Uint8Array | ((reader: Sink) => void);
}

/** A short answer of plain text. */
export function plain(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: `${text}\n`,
  };
}

/** Data as JSON. */
export function json(value: unknown): Answer {
  return jsonText(JSON.stringify(value));
}

export function jsonText(body: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body,
  };
}
