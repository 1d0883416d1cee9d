import type { Rows } from '../rows.ts';

/**
 * Streams: their keys; or a record from each key to its data, which `client` and the sink get.
 *
 * A key is a text of 1 to 1,024 bytes in UTF-8, without U+0000.
 */
export type StreamList<Data> = readonly string[] | Readonly<Record<string, Data>>;

/**
 * The streams that a node may own: a list; a function that is asked for one again and again; or the
 * rows of a table, `store.rows(schema)`.
 */
export type Streams<Data> =
  | StreamList<Data>
  | ((context: ListContext) => StreamList<Data> | Promise<StreamList<Data>>)
  | Rows<Data>;

/** What a function of the option `streams` gets. */
export interface ListContext {
  /** Aborts when the list is not waited for any more. */
  readonly signal: AbortSignal;
}

/** One stream, as `client` gets it. */
export interface StreamOf<Data> {
  readonly key: string;
  /** The value of the stream in its record or its row; `undefined` with a list of keys. */
  readonly data: Data;
}
