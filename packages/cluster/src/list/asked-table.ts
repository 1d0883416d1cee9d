import { isDeepStrictEqual } from 'node:util';

import type { Clock } from '@reprise/actor';

import { assertKey } from '../key.ts';
import type { InvalidRow, Listing } from '../options/listing.ts';
import type { Parsed, Rows } from '../rows.ts';
import { textOf } from '../shown.ts';
import type { OpenStore, TableRow } from '../store.ts';

interface Known {
  readonly spec: unknown;
  readonly parsed: Parsed<unknown>;
}

/** A schema may be asynchronous: it is not waited for any longer than this, in ms. */
const longestWait = 10_000;
const late: Parsed<unknown> = { issue: `the schema has given no answer within ${longestWait} ms` };

/** The table of streams in a store, read again and again. */
export class AskedTable {
  readonly #rows: Rows<unknown>;
  readonly #store: Pick<OpenStore<unknown>, 'list'>;
  #version: string | undefined = undefined;
  #known: ReadonlyMap<string, Known> = new Map();
  readonly #clock: Clock;

  constructor(rows: Rows<unknown>, store: Pick<OpenStore<unknown>, 'list'>, clock: Clock) {
    this.#rows = rows;
    this.#store = store;
    this.#clock = clock;
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
    const known = new Map(await this.#parseAll(table.rows));
    this.#version = table.version;
    this.#known = known;
    return listingOf(known);
  }

  /** All at once: a schema that gives no answer for one row holds up no other. */
  async #parseAll(rows: readonly TableRow[]): Promise<readonly (readonly [string, Known])[]> {
    const limit = Promise.withResolvers<Parsed<unknown>>();
    const timer = this.#clock.setTimeout(() => {
      limit.resolve(late);
    }, longestWait);
    const parsed = rows.map(
      async (row) => [row.key, await this.#parse(row, limit.promise)] as const,
    );
    try {
      return await Promise.all(parsed);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** A row that is as it was is not parsed again: its data stays the same. */
  async #parse({ key, spec }: TableRow, limit: Promise<Parsed<unknown>>): Promise<Known> {
    const known = this.#known.get(key);
    const isKnown = known !== undefined && known.parsed !== late;
    return isKnown && isDeepStrictEqual(known.spec, spec)
      ? known
      : { spec, parsed: await Promise.race([this.#parsed(key, spec), limit]) };
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
