import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { bundleProgram } from '../../tools/program.ts';
import { Records } from '../records.ts';
import { Clean, type CleanCounts } from './clean.ts';
import type { Database } from './database.ts';
import { machineTime } from './machine-time.ts';
import { type Move, movesSince, type Takeover, takeovers } from './moves.ts';
import { type NodeOptions, type SinkKind, streamNames } from './node-options.ts';
import { type Environment, NodeProcess } from './node-process.ts';
import { type NodeRecord, read } from './record.ts';
import { type Entry, Single } from './single.ts';
import { Source } from './source.ts';
import { type Stall, stalledWithin, watchDisk, watchStalls } from './stalls.ts';

export interface FleetOptions {
  /** An empty one; the fleet closes it. */
  readonly database: Database;
  /** T, in ms. */
  readonly ttl: number;
  readonly streams: number;
  /** Whether they are the rows of a table; then `changeRows` makes them. Default: false. */
  readonly areRows?: boolean;
  /** How many numbers a stream makes in a second. */
  readonly rate: number;
  /** Default: `transact`. */
  readonly sink?: SinkKind;
  /** How long a node may take to leave, in ms. Default: 10,000. */
  readonly shutdown?: number;
}

/** A fault of a life, by the machine's clock. */
export interface Fault {
  readonly node: string;
  readonly at: number;
}

/** How long something took, and for how long of it the machine kept a process waiting, in ms. */
export interface Sample {
  readonly ms: number;
  readonly stalled: number;
}

/** The findings in the sink and in the records. */
export interface Verdict {
  readonly clean: CleanCounts;
  /** Two owners of a stream at one time: a line for each. */
  readonly owners: readonly string[];
  /** The first problems of the sink. */
  readonly problems: readonly string[];
  readonly effects: number;
}

/** The effects that are missing are lost when none has come for so long, in ms. */
const catchUpTime = 30_000;
/** How long the streams may take to be where they are expected, in ms. */
const settlingTime = 30_000;

/** A source, and node processes that share its streams by a database. */
export class Fleet {
  readonly source: Source;
  /** Is told of each handler that has begun, as soon as the records are read. */
  onBegun: ((entry: Entry) => void) | undefined = undefined;
  /** The names of the streams, without those that kill. */
  readonly names: readonly string[];
  /** The list of the streams, if it changes. It rests until the streams are settled. */
  list: { rest(): Promise<void>; resume(): void } | undefined;
  /** The streams that nothing is measured of: they come and go by themselves. */
  readonly unsteady = new Set<string>();
  /** The lives that have died of a stream, by its name. */
  readonly poisoned = new Map<string, string[]>();
  /** The life of each node, its last one. */
  readonly nodes = new Map<string, NodeProcess>();
  readonly #options: FleetOptions;
  readonly #folder: string;
  /** The code of the nodes. */
  readonly #program: string;
  readonly #records: Records<NodeRecord>;
  /** Of all lives, also of those that have ended. */
  readonly #processes: NodeProcess[] = [];
  readonly #single = new Single();
  readonly #nodeStalls: (Stall & { readonly node: string })[] = [];
  readonly #ownStalls: Stall[] = [];
  readonly #stopWatch = watchStalls((stall) => this.#ownStalls.push(stall));
  readonly #stopDiskWatch: () => Promise<void>;
  #isClosing = false;

  static async start(options: FleetOptions): Promise<Fleet> {
    const [source] = await Promise.all([Source.start(options), options.database.create()]);
    return new Fleet(options, source);
  }

  private constructor(options: FleetOptions, source: Source) {
    this.#options = options;
    this.source = source;
    this.names = streamNames(options.streams);
    this.#folder = mkdtempSync(join(tmpdir(), 'reprise-fleet-'));
    this.#program = bundleProgram(join(import.meta.dirname, 'node.ts'));
    this.#records = new Records(join(this.#folder, 'records'), read);
    const file = join(this.#folder, 'synced');
    this.#stopDiskWatch = watchDisk(file, (stall) => this.#ownStalls.push(stall));
  }

  /** T, in ms. */
  get ttl(): number {
    return this.#options.ttl;
  }

  node(name: string): NodeProcess {
    const node = this.nodes.get(name);
    if (node === undefined) {
      throw new Error(`Expected one of ${[...this.nodes.keys()].join(', ')}, got ${name}`);
    }
    return node;
  }

  /** Starts a life of a node; `env` is added to its environment. */
  async add(
    name: string,
    env: Environment = {},
    options: Partial<NodeOptions> = {},
  ): Promise<NodeProcess> {
    const node = await this.#spawn(name, env, options);
    this.nodes.set(name, node);
    return node;
  }

  /** Loads the code of the next life of a node, which `startPrepared` starts. */
  async prepare(name: string): Promise<NodeProcess> {
    const node = await this.#spawn(name, {}, { isHeld: true });
    await node.loaded;
    return node;
  }

  startPrepared(node: NodeProcess): void {
    this.nodes.set(node.name, node);
    node.start();
  }

  /** Starts a process with the name of a node, which goes on. */
  rival(name: string): Promise<NodeProcess> {
    return this.#spawn(name, {});
  }

  /** How many streams each life has a connection of. */
  shares(): ReadonlyMap<string, number> {
    const open = Map.groupBy(this.source.openAt(), ({ node }) => node);
    return new Map([...open].map(([life, { length }]) => [life, length]));
  }

  /**
   * Waits until each stream has one connection, and each of the nodes its share of them, and no
   * stream a strike: after several deaths in a row streams are tried a few at a time.
   */
  async settle(names: readonly string[] = [...this.nodes.keys()]): Promise<void> {
    await this.list?.rest();
    try {
      await this.#settle(names);
    } finally {
      this.list?.resume();
    }
  }

  async #settle(names: readonly string[]): Promise<void> {
    const lives = names.map((name) => this.node(name).life);
    const isSettled = (): boolean => this.#isShared(lives);
    if (!(await this.source.until(isSettled, settlingTime))) {
      throw new Error(`Expected even shares of ${lives.join(', ')}, got ${await this.#shown()}`);
    }
    const until = machineTime() + settlingTime;
    while ((await this.#options.database.strikes()).size > 0) {
      if (machineTime() > until) {
        throw new Error(`Expected streams without strikes, got ${await this.#shown()}`);
      }
      await delay(100);
    }
  }

  /** Waits until each stream of a life is connected on another one. */
  async elsewhere(fault: Fault): Promise<readonly Sample[]> {
    const taken = (): readonly Takeover[] =>
      takeovers(this.source.connections, fault).filter((each) => this.#isSteady(each));
    await this.source.until(() => taken().every(({ after }) => after < Infinity), settlingTime);
    return taken().map(({ after }) => this.#sample(fault.at, after, [fault.node]));
  }

  /** The streams that went from one life to another since a time. */
  movedSince(at: number): readonly Move[] {
    return movesSince(this.source.connections, at);
  }

  /** When the last connection was made. */
  lastConnectionAt(): number {
    return this.source.connections.at(-1)?.from ?? NaN;
  }

  /** How long after a fault the connections of the life have ended. */
  stopsOf(fault: Fault): readonly Sample[] {
    return this.source
      .openAt(fault.at)
      .filter(({ node }) => node === fault.node)
      .map(({ to }) => this.#sample(fault.at, to - fault.at, []));
  }

  /** The gaps of the streams that moved since a time. */
  gapsSince(at: number): readonly Sample[] {
    const moves = this.movedSince(at).filter((each) => this.#isSteady(each));
    return moves.map(({ gap, at }) => this.#sample(at - gap, gap, []));
  }

  /**
   * For how long the machine kept the fleet waiting in a time, in ms: the sum of the waits of this
   * process, its nodes and the disk, since one waits after the other. Nodes that the test itself
   * has stopped do not count.
   */
  stalledIn(time: Stall, stopped: readonly string[] = []): number {
    this.#readRecords();
    const nodes = this.#nodeStalls.filter(({ node }) => !stopped.includes(node));
    return stalledWithin([...this.#ownStalls, ...nodes], time);
  }

  /** Makes the source quiet, waits for the last effects, and compares. */
  async verdict(): Promise<Verdict> {
    this.source.rate = 0;
    const last = new Map([...this.source.last].filter(([name]) => this.names.includes(name)));
    await this.#catchUp(last);
    const clean = new Clean();
    for await (const effect of this.#options.database.effects()) {
      clean.add(effect);
    }
    this.#readRecords();
    this.source.rate = this.#options.rate;
    return {
      clean: clean.counts(last),
      owners: this.#single.problems(),
      problems: clean.problems(last),
      effects: clean.rows,
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#processes.map((node) => node.kill()));
    await this.#options.database.close();
    await this.source.close();
    this.#stopWatch();
    await this.#stopDiskWatch();
    this.#records.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #spawn(
    name: string,
    env: Environment,
    further: Partial<NodeOptions> = {},
  ): Promise<NodeProcess> {
    const { database, ttl, areRows, sink = 'transact', shutdown = 10_000 } = this.#options;
    const options: NodeOptions = {
      name,
      source: this.source.url,
      store: await database.place(name),
      ttl,
      streams: areRows === true ? 'rows' : this.names,
      sink,
      shutdown,
      isHeld: false,
      isBusy: false,
      records: this.#records.path,
      ...further,
    };
    const node = new NodeProcess(this.#program, options, env);
    this.#processes.push(node);
    void node.ended.then(() => this.#revive(node));
    return node;
  }

  /** One that has died of a stream is started again, as by hand. */
  async #revive({ name, life }: NodeProcess): Promise<void> {
    if (this.#isClosing) {
      return;
    }
    this.#readRecords();
    const isPoisoned = [...this.poisoned.values()].flat().includes(life);
    if (isPoisoned && this.nodes.get(name)?.life === life) {
      await this.add(name);
    }
  }

  #isSteady({ stream }: { readonly stream: string }): boolean {
    return !this.unsteady.has(stream);
  }

  /** Waits for the effects of the last numbers, for as long as there are new ones. */
  async #catchUp(last: ReadonlyMap<string, number>): Promise<void> {
    let missing = await this.#missing(last);
    let until = machineTime() + catchUpTime;
    while (missing > 0 && machineTime() < until) {
      await delay(100);
      const before = missing;
      missing = await this.#missing(last);
      until = missing < before ? machineTime() + catchUpTime : until;
    }
  }

  async #missing(last: ReadonlyMap<string, number>): Promise<number> {
    const reached = await this.#options.database.reached();
    return [...last].reduce(
      (sum, [stream, number]) => sum + number - (reached.get(stream) ?? 0),
      0,
    );
  }

  #isShared(lives: readonly string[]): boolean {
    const { length } = this.names;
    const open = this.source.openAt();
    const shares = this.shares();
    const counts = lives.map((life) => shares.get(life) ?? 0);
    return (
      open.length === length &&
      new Set(open.map(({ stream }) => stream)).size === length &&
      counts.reduce((sum, count) => sum + count, 0) === length &&
      Math.max(...counts) - Math.min(...counts) <= 1
    );
  }

  #sample(from: number, ms: number, stopped: readonly string[]): Sample {
    return { ms, stalled: this.stalledIn({ from, to: from + ms }, stopped) };
  }

  async #shown(): Promise<string> {
    const { database } = this.#options;
    const connected = new Set(this.source.openAt().map(({ stream }) => stream));
    return [
      shown(this.shares()),
      `not connected: ${this.names.filter((name) => !connected.has(name)).join(', ')}`,
      `strikes: ${shown(await database.strikes())}`,
      `parked: ${shown(await database.parked())}`,
      ...[...this.nodes.values()].map(({ life, stderr }) => `${life}: ${stderr}`),
    ].join('\n');
  }

  #readRecords(): void {
    for (const record of this.#records.fresh()) {
      if (record.type === 'begun') {
        this.#single.add(record);
        this.onBegun?.(record);
      } else if (record.type === 'poisoned') {
        const { stream, node } = record;
        this.poisoned.set(stream, [...(this.poisoned.get(stream) ?? []), node]);
      } else {
        this.#nodeStalls.push(record);
      }
    }
  }
}

function shown(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name}: ${count}`).join(', ');
}
