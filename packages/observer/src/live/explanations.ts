import type { Pid, System, TimeoutHandle } from '@reprise/actor';
import { explain, type Explanation } from '@reprise/actor/inspect';

/** Of each process. */
const mostMessages = 4;
/** At a time: each page shows one process. */
const mostProcesses = 20;
/** After the last page has asked, in ms: a page asks once a second. */
const rest = 5000;

/** A process that is explained. */
export interface Asked {
  readonly explanation: Explanation;
  /** When that began: messages that came before are as old, or older. */
  readonly since: number;
}

interface Expiring extends Asked {
  timer: TimeoutHandle;
}

/**
 * The processes whose messages pages show now. Each is explained while somebody asks: there is a
 * timer for it as long, and none afterwards.
 */
export class Explanations {
  readonly #system: System;
  readonly #asked: Map<Pid, Expiring> = new Map();

  constructor(system: System) {
    this.#system = system;
  }

  /** `undefined` if the program explains the process itself, or too many are explained. */
  of(pid: Pid): Asked | undefined {
    const asked = this.#asked.get(pid);
    if (asked === undefined) {
      return this.#start(pid);
    }
    this.#system.clock.clearTimeout(asked.timer);
    asked.timer = this.#expiry(pid);
    return asked;
  }

  stop(): void {
    for (const pid of this.#asked.keys()) {
      this.#stop(pid);
    }
  }

  #start(pid: Pid): Asked | undefined {
    if (this.#asked.size >= mostProcesses) {
      return undefined;
    }
    try {
      const explanation = explain(pid, mostMessages);
      const since = this.#system.clock.now();
      const asked = { explanation, since, timer: this.#expiry(pid) };
      this.#asked.set(pid, asked);
      return asked;
    } catch {
      // It has ended, or another one explains it.
      return undefined;
    }
  }

  #expiry(pid: Pid): TimeoutHandle {
    const timer = this.#system.clock.setTimeout(() => {
      this.#stop(pid);
    }, rest);
    timer.unref?.();
    return timer;
  }

  #stop(pid: Pid): void {
    const { clock } = this.#system;
    const asked = this.#asked.get(pid);
    if (asked !== undefined) {
      this.#asked.delete(pid);
      clock.clearTimeout(asked.timer);
      asked.explanation.stop();
    }
  }
}
