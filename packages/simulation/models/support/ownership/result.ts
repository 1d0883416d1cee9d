import type { Client } from './client.ts';
import type { Database } from './database.ts';
import { type Judge, mostStrikes } from './judge.ts';
import type { Machine } from './machine.ts';
import type { Mix } from './mix.ts';

interface ResultOptions {
  readonly machines: readonly Machine[];
  readonly database: Database;
  readonly mix: Mix;
}

interface Placed {
  readonly machine: Machine;
  readonly client: Client;
}

/** Which streams run where at one instant, and whether that is right some time after the faults. */
export class Result {
  readonly #machines: readonly Machine[];
  readonly #mix: Mix;
  readonly #placed: readonly Placed[];
  readonly #rows: ReturnType<Database['tables']['survey']>['rows'];

  constructor({ machines, database, mix }: ResultOptions) {
    this.#machines = machines;
    this.#mix = mix;
    this.#rows = database.tables.survey(Infinity).rows;
    this.#placed = machines.flatMap((machine) =>
      machine.clients.map((client) => ({ machine, client })),
    );
  }

  /** The same text for the same streams on the same machines. */
  get text(): string {
    return this.#placed
      .map(({ machine, client }) => `${machine.name} ${client.key} ${client.epoch}`)
      .join();
  }

  /** Whether each stream runs or is parked, and those that run have no strikes. */
  get isSettled(): boolean {
    return (
      this.#running.length >= this.#wanted.size &&
      this.#rows.every(({ strikes, parked }) => strikes === 0 || parked !== undefined)
    );
  }

  expectRight(judge: Judge): void {
    this.#expectParked(judge);
    this.#expectListed(judge);
    const running = this.#running;
    const isWhole =
      running.length === this.#wanted.size && new Set(running).size === running.length;
    judge.expect(isWhole, 'L1: a stream runs nowhere, or twice, 6 T after the last fault');
    const sizes = this.#machines.map(({ clients }) => clients.length);
    const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1;
    judge.expect(
      isEven || !this.#isOneList,
      'L2: the shares differ by more than one 6 T after the last fault',
    );
  }

  #expectParked(judge: Judge): void {
    const parked = this.#rows.filter((row) => row.parked !== undefined);
    const isEarned = parked.every(({ strikes }) => strikes >= mostStrikes);
    judge.expect(isEarned, 'L4: a stream is parked with which few nodes have died');
    const { poison, mishaps, faults } = this.#mix;
    const isElse = poison.length === 0 || mishaps.length > 0 || faults.length > 0;
    const isOwn = parked.every(({ key }) => poison.includes(key));
    judge.expect(isElse || isOwn, 'L4: a stream is parked that has ended no process');
    const struck = this.#rows.filter((row) => row.strikes > 0 && row.parked === undefined);
    const isCleared = struck.every(({ key }) => !this.#running.includes(key));
    // A store that loses what it has acknowledged may have them again.
    judge.expect(isCleared || judge.hasLostRows, 'L4: a stream has strikes for ever');
  }

  #expectListed(judge: Judge): void {
    const isListed = this.#placed.every(({ machine, client }) => machine.listing.has(client.key));
    judge.expect(isListed, 'L5: a stream runs on a node that does not list it');
    const isNew = this.#placed.every(
      ({ machine, client }) => machine.listing.get(client.key) === client.version,
    );
    judge.expect(isNew, 'L5: a stream runs with old data');
  }

  get #running(): readonly string[] {
    return this.#placed.map(({ client }) => client.key);
  }

  /** The streams that are to run: listed somewhere, and not parked. */
  get #wanted(): ReadonlySet<string> {
    const parked = new Set(
      this.#rows.flatMap((row) => (row.parked === undefined ? [] : [row.key])),
    );
    const listed = this.#machines.flatMap(({ listing }) => [...listing.keys()]);
    return new Set(listed.filter((key) => !parked.has(key)));
  }

  get #isOneList(): boolean {
    const lists = this.#machines.map(({ listing }) => [...listing.keys()].toSorted().join());
    return new Set(lists).size === 1;
  }
}
