import { randomUUID } from 'node:crypto';

import type { Claim, OpenStore } from '@reprise/cluster';

import { cursorText, type Effect, effects, keysOf, type Side, timed } from './side.ts';

const facts = { owned: 0, draining: false, list: '', busy: 0 };
const { signal } = new AbortController();

/** A store of `@reprise/cluster`, through its port. */
export class StoreSide<Tx> implements Side {
  readonly #store: OpenStore<Tx>;
  readonly #insert: (tx: Tx, rows: readonly Effect[]) => unknown;
  #owner = '';
  #claims: readonly Claim[] = [];

  private constructor(store: OpenStore<Tx>, insert: (tx: Tx, rows: readonly Effect[]) => unknown) {
    this.#store = store;
    this.#insert = insert;
  }

  /** A node that owns `streams`. */
  static async create<Tx>(
    store: OpenStore<Tx>,
    insert: (tx: Tx, rows: readonly Effect[]) => unknown,
    streams: number,
  ): Promise<StoreSide<Tx>> {
    const side = new StoreSide(store, insert);
    const keys = keysOf(streams);
    await store.declare(keys.map((key) => ({ key, spec: '' })));
    await side.#join();
    const free = keys.map((key) => ({ key, epoch: 0, deadFor: 0, strikes: 0 }));
    side.#claims = await store.claim(side.#owner, free);
    return side;
  }

  async claim(streams: number): Promise<number> {
    await this.#bury();
    await this.#join();
    const wanted = this.#claims.slice(0, streams).map((claim) => ({ ...claim, deadFor: 0 }));
    let claims: readonly Claim[] = [];
    const time = await timed(async () => {
      claims = await this.#store.claim(this.#owner, wanted);
    });
    assertAll(streams, claims.length);
    this.#claims = [...claims, ...this.#claims.slice(streams)];
    return time;
  }

  renew(times: number): Promise<number> {
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await this.#store.renew(this.#owner, randomUUID(), facts);
      }
    });
  }

  save(cursors: number, times: number): Promise<number> {
    const streams = this.#claims.slice(0, cursors);
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        const rows = streams.map(({ key, epoch }) => ({ key, epoch, cursor: cursorText() }));
        assertAll(cursors, (await this.#store.save(this.#owner, rows)).length);
      }
    });
  }

  async transact(count: number, times: number): Promise<number> {
    // A claim reads the cursor, as it does for a client that starts.
    const [first, ...others] = this.#claims;
    const wanted = first === undefined ? [] : [{ ...first, deadFor: 0 }];
    const [stream] = await this.#store.claim(this.#owner, wanted);
    assertAll(1, Number(stream !== undefined));
    const { key, epoch, cursor } = stream as Claim;
    this.#claims = [stream as Claim, ...others];
    let was = cursor;
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        const rows = effects(count);
        const move = { key, epoch, was, cursor: cursorText() };
        await this.#store.transact(this.#owner, move, (tx) => this.#insert(tx, rows), signal);
        was = move.cursor;
      }
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #join(): Promise<void> {
    const id = randomUUID();
    const node = { id, name: id, weight: 1, ttl: 10_000, host: 'bench', pid: process.pid };
    await this.#store.join(node, randomUUID());
    this.#owner = id;
  }

  async #bury(): Promise<void> {
    const dead = (await this.#store.watch()).filter(({ id }) => id === this.#owner);
    await this.#store.observe(randomUUID(), dead, { count: 0, epochs: 0 });
  }
}

function assertAll(expected: number, got: number): void {
  if (got !== expected) {
    throw new Error(`Expected ${expected} rows to be written, got ${got}`);
  }
}
