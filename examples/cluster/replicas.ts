import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, 'replica.ts');

/** A stream of a replica. Each owner has a higher epoch than the one before it. */
export interface Owned {
  readonly stream: string;
  readonly epoch: number;
}

/** The events of the replicas. */
export interface Listener {
  readonly started: (name: string, pid: number) => void;
  readonly owns: (name: string, owned: Owned) => void;
  readonly ended: (name: string, how: string) => void;
}

/** The processes of a service, all on this machine. */
export class Replicas {
  readonly #listener: Listener;
  readonly #args: readonly string[];
  readonly #running = new Map<string, ChildProcess>();

  constructor(listener: Listener, ...args: readonly string[]) {
    this.#listener = listener;
    this.#args = args;
  }

  start(name: string): void {
    // Detached: a Ctrl+C of the terminal is for this process alone, which then stops them in order.
    const child = fork(program, [name, ...this.#args], { detached: true });
    this.#running.set(name, child);
    this.#listener.started(name, child.pid ?? 0);
    child.on('message', (owned: Owned) => {
      this.#listener.owns(name, owned);
    });
    child.once('exit', (status, signal) => {
      this.#running.delete(name);
      this.#listener.ended(name, signal ?? `status ${status}`);
    });
  }

  /**
   * As a crash does, or a kernel without memory: the replica can say and write nothing any more.
   */
  kill(name: string): void {
    this.#running.get(name)?.kill('SIGKILL');
  }

  /** Asks all to end, and waits until they have. */
  async stop(): Promise<void> {
    const ends = [...this.#running.values()].map((child) => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      return ended;
    });
    await Promise.all(ends);
  }
}
