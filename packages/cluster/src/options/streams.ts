/**
 * The streams that a node may own: their keys; or a record from each key to its data, which
 * `client` and the sink get.
 *
 * A key is a text of 1 to 1,024 bytes in UTF-8, without U+0000.
 */
export type Streams<Data> = readonly string[] | Readonly<Record<string, Data>>;

/** One stream, as `client` gets it. */
export interface StreamOf<Data> {
  readonly key: string;
  /** The value of the stream in the record `streams`; `undefined` with a list. */
  readonly data: Data;
}
