import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import process from 'node:process';

import type { System, TimeoutHandle } from '@reprise/actor';
import { watch } from '@reprise/actor/inspect';

import { judge } from '../judge/judge.ts';
import type { JudgeOptions } from '../judge/limits.ts';
import { look } from '../look/look.ts';
import type { Look } from '../look/looker.ts';
import { type Recorded, recordedOf } from '../recording/record.ts';
import { Explanations } from './explanations.ts';
import { ChangeLog, frame } from './frame.ts';
import { HourFrames } from './hour-frames.ts';
import { Machine } from './machine.ts';
import { Numbers } from './numbers.ts';
import { type PageOptions, Reader, type Window } from './reader.ts';
import type { Sink } from './sink.ts';
import { countsOf, streamsFor } from './streams.ts';
import { Structure } from './structure.ts';
import type { Hello, Vitals } from './told.ts';

/** How often the system is looked at while somebody looks, in ms. */
const pause = 500;
/** After the last reader has left, in ms: one that reconnects gets what it has missed. */
const rest = 8000;
const mostReaders = 20;

const lives: WeakMap<Recorded, Live> = /* @__PURE__ */ new WeakMap();

/** The readers of a system. All servers of it share them. */
export function liveOf(system: System): Live {
  const recorded = recordedOf(system);
  const live = lives.get(recorded) ?? new Live(system, recorded);
  lives.set(recorded, live);
  return live;
}

/** What the looks need, from the first reader to the last. */
interface Looking {
  readonly structure: Structure;
  readonly numbers: Numbers;
  readonly log: ChangeLog;
  readonly hours: HourFrames;
  readonly unwatch: () => void;
  timer: TimeoutHandle | undefined;
  /** When there was a reader last. */
  readAt: number;
  /** The judgements that were told last, by the limits that they were made with. */
  readonly judgements: Map<JudgeOptions, string>;
}

/** Looks at a system while somebody reads, and tells the readers. Without one it does nothing. */
export class Live {
  readonly explanations: Explanations;
  readonly #system: System;
  readonly #recorded: Recorded;
  readonly #machine = new Machine();
  readonly #readers: Map<string, Reader> = new Map();
  /** Numbers of changes are of use in one epoch alone. */
  readonly #epoch = randomBytes(6).toString('hex');
  /** The number of the last change that was told. */
  #lastChange = 0;
  #looking: Looking | undefined = undefined;

  constructor(system: System, recorded: Recorded) {
    this.#system = system;
    this.#recorded = recorded;
    this.explanations = new Explanations(system);
  }

  get isFull(): boolean {
    return this.#readers.size >= mostReaders;
  }

  /** The structure as it is now, also for one who does not stay. */
  structure(): Structure {
    if (this.#looking !== undefined) {
      this.#tellChanges(this.#looking);
    }
    const structure = this.#looking?.structure ?? this.#structure();
    structure.update();
    return structure;
  }

  /** `lastEventId`: what the reader has got last, in this epoch or in another. */
  add(sink: Sink, lastEventId: string, options: PageOptions): void {
    const reader = new Reader(randomBytes(8).toString('hex'), sink, options);
    const looking = (this.#looking ??= this.#start());
    // The others get what has changed; the tree of this one has it.
    this.#tellChanges(looking);
    this.#readers.set(reader.id, reader);
    sink.onClose(() => {
      this.#readers.delete(reader.id);
    });
    const missed = this.#missed(looking, lastEventId);
    reader.begin(this.#hello(reader) + (missed ?? this.#snapshot(looking)) + looking.hours.frame());
    // Told when they change: this reader knows none.
    looking.judgements.clear();
    this.#look(looking);
  }

  #tellChanges(looking: Looking): void {
    const changes = this.#changes(looking);
    for (const reader of this.#readers.values()) {
      reader.write(changes);
    }
  }

  setWindow(id: string, window: Window): boolean {
    const reader = this.#readers.get(id);
    if (reader !== undefined) {
      reader.window = window;
    }
    return reader !== undefined;
  }

  #structure(): Structure {
    const { recorder, restartHours } = this.#recorded;
    return new Structure(this.#system, recorder.history, restartHours);
  }

  #start(): Looking {
    const structure = this.#structure();
    const ended = (reason: string): void => {
      this.end(reason);
    };
    const numbers = new Numbers(this.#system);
    const unwatch = [
      watch(this.#system, structure),
      watch(this.#system, numbers),
      watchEnd(this.#system, ended),
    ];
    this.#machine.start();
    return {
      structure,
      numbers,
      // What has changed while nobody looked has no number: who has the last one lacks it.
      log: new ChangeLog(this.#lastChange + 1),
      hours: new HourFrames(this.#system.clock, this.#recorded),
      unwatch: () => {
        unwatch.forEach((stop) => {
          stop();
        });
      },
      timer: undefined,
      readAt: this.#now,
      judgements: new Map(),
    };
  }

  #stop({ unwatch, timer, log }: Looking): void {
    unwatch();
    this.#lastChange = log.last;
    this.#machine.stop();
    if (timer !== undefined) {
      this.#system.clock.clearTimeout(timer);
    }
    this.#looking = undefined;
  }

  /** The system ends, or the observer whose readers have these options: their pages say so. */
  end(reason: string, options?: PageOptions): void {
    for (const [id, reader] of this.#readers) {
      if (options === undefined || reader.options === options) {
        reader.end(frame('end', JSON.stringify({ reason })));
        // A stream of the Fetch standard does not tell that it was closed from here.
        this.#readers.delete(id);
      }
    }
    this.explanations.stop();
    if (this.#readers.size === 0 && this.#looking !== undefined) {
      this.#stop(this.#looking);
    }
  }

  /** One look for all readers, and the next one later. */
  #look(looking: Looking): void {
    const { clock } = this.#system;
    if (looking.timer !== undefined) {
      clock.clearTimeout(looking.timer);
    }
    if (this.#readers.size > 0) {
      looking.readAt = this.#now;
      this.#tell(looking);
    } else if (this.#now - looking.readAt >= rest) {
      this.#stop(looking);
      return;
    }
    looking.timer = clock.setTimeout(() => {
      this.#look(looking);
    }, pause);
    looking.timer.unref?.();
  }

  #tell(looking: Looking): void {
    const { numbers } = looking;
    numbers.update();
    const seen = look(this.#system);
    if ([...this.#readers.values()].some(({ isBehind }) => isBehind)) {
      looking.judgements.clear();
    }
    const shared = this.#shared(looking, seen);
    const findings = this.#findings(looking, seen);
    const top = numbers.top();
    const streams = streamsFor(seen.streams);
    for (const reader of this.#readers.values()) {
      const rows = rowsFrame(seen.at, looking, reader.window, top);
      const judged = findings.get(reader.options.judge) ?? '';
      // The rows are the last of each look.
      const text = shared + judged + frame('streams', streams(reader.window)) + rows;
      if (reader.isBehind) {
        reader.writeWhole(this.#snapshot(looking) + looking.hours.frame() + text);
      } else {
        reader.write(text);
      }
    }
  }

  /** The same text for all. */
  #shared(looking: Looking, seen: Look): string {
    const changes = this.#changes(looking);
    return changes + this.#vitals(looking, seen) + looking.hours.inLook(changes !== '');
  }

  /** Where they have changed, by the limits of the readers: all pages of a server share theirs. */
  #findings({ judgements }: Looking, seen: Look): ReadonlyMap<JudgeOptions, string> {
    const limits = new Set([...this.#readers.values()].map(({ options }) => options.judge));
    const told = new Map<JudgeOptions, string>();
    for (const options of limits) {
      const judgement = JSON.stringify(judge(seen, options));
      if (judgement !== judgements.get(options)) {
        judgements.set(options, judgement);
        told.set(options, frame('findings', judgement));
      }
    }
    return told;
  }

  /** What has changed in the tree, as a frame that is kept for a while; `""` for nothing. */
  #changes({ structure, log }: Looking): string {
    const { changed, removed } = structure.update();
    const data = `{"rows":[${changed.join(',')}],"removed":${JSON.stringify(removed)}}`;
    return changed.length === 0 && removed.length === 0
      ? ''
      : log.add((number) => frame('changes', data, this.#id(number)));
  }

  #vitals({ numbers, structure }: Looking, seen: Look): string {
    const vitals: Vitals = {
      at: seen.at,
      wall: this.#system.clock.date?.() ?? Date.now(),
      processes: seen.processes,
      rows: structure.size,
      messages: seen.messages,
      longest: seen.longest,
      handled: numbers.handled,
      ...countsOf(seen.streams, this.#recorded.streamRecorder.totals),
      streams: seen.streams.length,
      connected: seen.streams.filter(({ state }) => state === 'connected').length,
      crashes: this.#recorded.crashCount,
      lastSlow: seen.slow.at(-1),
      ...this.#machine.read(),
    };
    return frame('vitals', JSON.stringify(vitals));
  }

  #hello({ id, options }: Reader): string {
    const hello: Hello = {
      reader: id,
      epoch: this.#epoch,
      name: nameOf(this.#system, this.#recorded),
      host: hostname(),
      osPid: process.pid,
      now: this.#now,
      wall: this.#system.clock.date?.() ?? Date.now(),
      since: this.#recorded.since,
      folder: process.cwd(),
      actions: options.actions,
    };
    return frame('hello', JSON.stringify(hello));
  }

  #snapshot({ structure, log }: Looking): string {
    return frame('snapshot', structure.snapshot, this.#id(log.last));
  }

  #missed({ log }: Looking, lastEventId: string): string | undefined {
    const [, epoch, number] = /^(\w+)-(\d{1,15})$/.exec(lastEventId) ?? [];
    return epoch === this.#epoch ? log.after(Number(number)) : undefined;
  }

  #id(number: number): string {
    return `${this.#epoch}-${number}`;
  }

  get #now(): number {
    return this.#system.clock.now();
  }
}

/** A server of the program outlives the system, and so would its readers. */
function watchEnd(system: System, callback: (reason: string) => void): () => void {
  return watch(system, {
    ended: (pid, { type }) => {
      if (pid === system.pid) {
        callback(type);
      }
    },
  });
}

/** The numbers of the rows that a page shows, and of the busiest. */
function rowsFrame(
  at: number,
  { structure, numbers }: Looking,
  { rows }: Window,
  top: ReadonlySet<number>,
): string {
  const pids = rows.map((row) => structure.get(row)?.pid);
  const wanted = new Set([...pids, ...top]);
  const figures = [...wanted].flatMap((pid) => {
    const row = pid === undefined ? undefined : structure.rowOf(pid);
    const found = row === undefined ? undefined : numbers.of(row, pid ?? 0);
    return found === undefined ? [] : [found];
  });
  return frame('rows', `{"at":${at},"rows":${JSON.stringify(figures)}}`);
}

function nameOf(system: System, recorded: Recorded): string {
  const [first] = recorded.at(system.clock.now());
  return first === undefined || first.id.startsWith('#') ? 'system' : first.id;
}
