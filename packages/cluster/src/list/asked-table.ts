import { isDeepStrictEqual } from 'node:util';

import { assertKey } from '../key.ts';
import { textOf } from '../member/failures.ts';
import type { InvalidRow, Listing } from '../options/listing.ts';
import type { Parsed, Rows } from '../rows.ts';
import type { OpenStore, TableRow } from '../store.ts';

interface Known {
  readonly spec: unknown;
  readonly parsed: Parsed<unknown>;
}

/** The table of streams in a store, read again and again. */
export class AskedTable {
  readonly #rows: Rows<unknown>;
  readonly #store: Pick<OpenStore<unknown>, 'list'>;
  #version: string | undefined = undefined;
  #known: ReadonlyMap<string, Known> = new Map();

  constructor(rows: Rows<unknown>, store: Pick<OpenStore<unknown>, 'list'>) {
    this.#rows = rows;
    this.#store = store;
  }

  /**
   * The streams of its rows; `undefined` if there was no change.
   * @throws the error of the store
   */
  async ask(): Promise<Listing | undefined> {
    const table = await this.#store.list(this.#version);
    if (table === undefined) {
      return undefined;
    }
    const known = new Map<string, Known>();
    for (const row of table.rows) {
      known.set(row.key, await this.#parse(row));
    }
    this.#version = table.version;
    this.#known = known;
    return listingOf(known);
  }

  /** A row that is as it was is not parsed again: its data stays the same. */
  async #parse({ key, spec }: TableRow): Promise<Known> {
    const known = this.#known.get(key);
    return known !== undefined && isDeepStrictEqual(known.spec, spec)
      ? known
      : { spec, parsed: await this.#parsed(key, spec) };
  }

  async #parsed(key: string, spec: unknown): Promise<Parsed<unknown>> {
    try {
      assertKey(key);
      return await this.#rows.parse(spec);
    } catch (error) {
      return { issue: textOf(error) };
    }
  }
}

function listingOf(known: ReadonlyMap<string, Known>): Listing {
  const listed = new Map<string, unknown>();
  const invalid: InvalidRow[] = [];
  for (const [key, { parsed }] of known) {
    if ('data' in parsed) {
      listed.set(key, parsed.data);
    } else {
      invalid.push({ key, issue: parsed.issue });
    }
  }
  return { listed, invalid };
}
