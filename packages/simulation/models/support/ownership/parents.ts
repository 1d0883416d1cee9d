import type { NodeRow, SeenNode } from '@reprise/cluster';
import { burialOf } from '@reprise/cluster/core';

import type { Agenda } from './agenda.ts';
import type { Judge } from './judge.ts';
import type { Links } from './links.ts';
import type { Mix } from './mix.ts';

/** A process of the operating system. */
export interface HostProcess {
  readonly host: string;
  readonly pid: number;
}

interface ParentsOptions {
  readonly mix: Mix;
  readonly agenda: Agenda;
  readonly judge: Judge;
  readonly links: Links;
}

type Burial = ReturnType<typeof burialOf>;

/** The parents of the processes of each host: one is told at once when a process has ended. */
export class Parents {
  readonly #options: ParentsOptions;
  readonly #pids: Map<string, number> = new Map();
  /** How often the parent of a host has died. */
  readonly #deaths: Map<string, number> = new Map();
  readonly #dead: Set<string> = new Set();

  constructor(options: ParentsOptions) {
    this.#options = options;
  }

  /** The number of a new process of this host. Processes of two hosts may have one number. */
  newPid(host: string): number {
    const pid = (this.#pids.get(host) ?? 0) + 1;
    this.#pids.set(host, pid);
    return pid;
  }

  /** It buries nobody for so many ms, and has forgotten the processes that it was about to bury. */
  die(host: string, ms: number): void {
    this.#deaths.set(host, this.#deathsOf(host) + 1);
    this.#dead.add(host);
    this.#options.agenda.after(ms, () => {
      this.#dead.delete(host);
    });
  }

  ended(process: HostProcess): void {
    if (this.#options.mix.hasParents && !this.#dead.has(process.host)) {
      this.#goOn(burialOf(process), process, []);
    }
  }

  #goOn(burial: Burial, process: HostProcess, nodes: readonly NodeRow[]): void {
    const { value, done } = burial.next(nodes);
    if (done === true) {
      const isGone = nodes.every(({ host, pid }) => host !== process.host || pid !== process.pid);
      this.#options.judge.expect(isGone, 'a parent has left the node of a dead worker its lease');
    } else {
      this.#ask(value, process, (answer) => {
        this.#goOn(burial, process, answer);
      });
    }
  }

  /** Without an answer in time it gives up: then the lease has to end. */
  #ask(
    dead: readonly SeenNode[],
    { host }: HostProcess,
    done: (nodes: readonly NodeRow[]) => void,
  ): void {
    const { agenda, links, mix } = this.#options;
    const deaths = this.#deathsOf(host);
    const limit = agenda.now + mix.times.ttl / 8;
    links.send({
      from: `parent on ${host}`,
      connection: 'lease',
      execute: () =>
        dead.length === 0
          ? links.database.tables.watch()
          : links.database.tables.observe('parent', dead, { count: 0, epochs: 0 }).nodes,
      deliver: (delay, nodes) => {
        agenda.after(delay, () => {
          if (agenda.now <= limit && deaths === this.#deathsOf(host)) {
            done(nodes);
          }
        });
      },
    });
  }

  #deathsOf(host: string): number {
    return this.#deaths.get(host) ?? 0;
  }
}
