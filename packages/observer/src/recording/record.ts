import { processes, type System } from '@reprise/actor';
import { supervisorInfo, watch } from '@reprise/actor/inspect';

import type { EndedLife } from '../history/endings.ts';
import type { PastTree } from '../history/past.ts';
import { Counter } from './counter.ts';
import type { CrashGroup } from './crash-book.ts';
import { Handlings } from './handlings.ts';
import { Recorder } from './recorder.ts';
import { RestartHours } from './restart-hours.ts';
import { type RecordedStream, StreamRecorder } from './stream-recorder.ts';
import { Trouble } from './trouble.ts';

/**
 * The last hour of a system. Times are those of its clock (`system.clock.now()`), in ms. All texts
 * are bounded and without secrets, as in the reports of the system.
 */
export interface Recording {
  /**
   * From when on nothing is missing: the start of the recording, or the end of the last process
   * that was forgotten. Processes are kept for an hour, and 65,536 at most.
   */
  readonly since: number;
  /**
   * How many processes ended `normal` within a second. They are counted, and not kept: ten thousand
   * tasks in a second push nothing else out.
   */
  readonly shortLived: number;
  /** How many crashes there were, also those that are not kept. */
  readonly crashCount: number;
  /**
   * Crashes by process and reason, the newest first: 200 groups at most, however long ago they
   * were. Beyond, that of the process with the most is forgotten which was seen longest ago.
   */
  readonly crashes: readonly CrashGroup[];
  /** The processes that have ended, the oldest end first. */
  readonly processes: Iterable<EndedLife>;
  /**
   * The streams of `@reprise/sse`: when each was connected, and why it was not. In the order of
   * their first phases that are kept.
   */
  readonly streams: readonly RecordedStream[];
  /** The supervision trees as they were at `time`; before `since` some of it may be missing. */
  at(time: number): readonly PastTree[];
  /**
   * Ends the recording, and keeps what is there. One that an observer shows, or that `metrics` has
   * counted from, goes on: it ends with the system.
   */
  stop(): void;
}

/** A recording stays when the code that began it is restarted. */
const recordings: WeakMap<System, Recorded> = /* @__PURE__ */ new WeakMap();

/**
 * Records, from now on, what happens in a system: which processes ran and how they ended, crashes
 * with their reports, when streams were connected, and the supervision trees at each time of the
 * last hour. The second call for a system returns the recording of the first, unless that was
 * stopped.
 *
 * It sets no timer and asks no process. Its memory is bounded: 39 bytes for a process that has
 * ended, 2.6 MB at most, and 16 KB for a group of crashes.
 * @throws TypeError for anything but a system
 * @example
 * ```ts
 * import { childSpec, createSystem, GenServer, noreply, ok, Supervisor } from '@reprise/actor';
 * import { record } from '@reprise/observer';
 * import { createTestSystem, settle } from '@reprise/actor/testing';
 *
 * const printer = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: {
 *     print: (page: number) => {
 *       throw new Error(`page ${page}: out of paper`);
 *     },
 *   },
 * });
 * const system = createTestSystem();
 * const recording = record(system);
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   name: 'app',
 *   children: [GenServer.childSpec(printer, undefined, { id: 'printer' })],
 * });
 * for (const page of [7, 8]) {
 *   GenServer.cast(Supervisor.child(app, 'printer'), 'print', page);
 *   await settle(system);
 * }
 * for (const { path, reason, count } of recording.crashes) {
 *   console.log(path, count, reason); // app / printer 2 Error: page #: out of paper
 * }
 * await system.stop();
 * ```
 */
export function record(system: System): Recording {
  return recordedOf(system);
}

/** The recording of a system with its parts, begun by the first call. */
export function recordedOf(system: System): Recorded {
  const known = recordings.get(system);
  if (known !== undefined) {
    return known;
  }
  // It refuses anything but a system.
  processes(system);
  const recorded = new Recorded(system, () => {
    recordings.delete(system);
  });
  recordings.set(system, recorded);
  return recorded;
}

export class Recorded implements Recording {
  readonly recorder: Recorder;
  readonly streamRecorder: StreamRecorder;
  readonly trouble: Trouble;
  readonly restartHours: RestartHours;
  readonly counter: Counter;
  readonly handlings: Handlings;
  readonly #system: System;
  readonly #stopped: () => void;
  readonly #unwatch: readonly (() => void)[];
  #isHeld = false;

  constructor(system: System, stopped: () => void) {
    this.#system = system;
    this.#stopped = stopped;
    this.recorder = new Recorder(system);
    this.streamRecorder = new StreamRecorder(system, this.recorder.history);
    this.trouble = new Trouble(system, this.recorder.history);
    this.restartHours = new RestartHours(system, this.recorder.history);
    this.counter = new Counter(this.recorder.history);
    this.handlings = new Handlings((pid) => this.streamRecorder.now(pid).path);
    // Those before the recorder still find a child that ends in the history; what follows it finds
    // one that has come.
    this.#unwatch = [
      this.counter,
      this.streamRecorder,
      this.restartHours,
      this.recorder,
      this.trouble,
    ].map((witness) => watch(system, witness));
    this.#adopt();
  }

  /**
   * What there is when the recording begins. Supervisors are older than their children.
   */
  #adopt(): void {
    for (const pid of processes(this.#system)) {
      this.recorder.adoptStart(pid);
      const info = supervisorInfo(pid);
      if (info !== undefined) {
        this.recorder.adopt(pid, info);
      }
    }
    this.streamRecorder.adopt();
  }

  get since(): number {
    return this.recorder.history.since(this.#system.clock.now());
  }

  get shortLived(): number {
    return this.recorder.history.shortLived;
  }

  get crashCount(): number {
    return this.recorder.crashes.count;
  }

  get crashes(): readonly CrashGroup[] {
    return this.recorder.crashes.groups;
  }

  get processes(): Iterable<EndedLife> {
    this.expire();
    return this.recorder.history.endings.processes();
  }

  get streams(): readonly RecordedStream[] {
    this.expire();
    return this.streamRecorder.list;
  }

  /** The newest ends at one place, the oldest of them first. */
  endsAt(path: string, most: number): readonly EndedLife[] {
    this.expire();
    return this.recorder.history.endings.at(path, most);
  }

  /** How a process ended; `undefined` for one that is not known, or runs. */
  endOf(pid: number): EndedLife | undefined {
    this.expire();
    return this.recorder.history.endings.of(pid);
  }

  at(time: number): readonly PastTree[] {
    return this.recorder.history.at(time);
  }

  /** For one that reads it again and again: from now on nobody can stop it. */
  hold(): this {
    this.#isHeld = true;
    return this;
  }

  stop(): void {
    if (this.#isHeld) {
      return;
    }
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.#stopped();
  }

  /** Lives that ended too long ago are forgotten with the next one, or when somebody asks. */
  expire(): void {
    this.recorder.history.since(this.#system.clock.now());
  }
}
