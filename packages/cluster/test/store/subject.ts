import { systemClock } from '@reprise/actor';

import type { OpenOptions, OpenStore } from '../../src/index.ts';

/** A kind of store, for tests that each store has to pass. */
export interface Subject {
  readonly name: string;
  /** A place without nodes and streams. */
  create(): Promise<Place>;
}

/** A place where nodes of one cluster meet. */
export interface Place extends AsyncDisposable {
  /** Opens it, as a node does; the end of the place closes it. */
  open(): Promise<OpenStore<unknown>>;
  /** Writes the table of streams, as anybody may: each call is one transaction. */
  readonly streams: StreamWriter;
  /** Writes an effect through `tx`; `undefined` if effects are not in the store. */
  readonly effects: Effects | undefined;
}

export interface StreamWriter {
  set(specs: Readonly<Record<string, unknown>>): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface Effects {
  write(tx: unknown, text: string): unknown;
  read(): Promise<readonly string[]>;
}

/** Options under which nothing is expected to be reported. */
export const options: OpenOptions = {
  ttl: 10_000,
  clock: systemClock(),
  onError: (error) => {
    throw error;
  },
  onWarning: (text) => {
    throw new Error(text);
  },
};
