import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import type { Cluster } from '@reprise/cluster';

import type { NodeOptions, Question } from './node-options.ts';

export type Environment = Readonly<Record<string, string>>;

/** How a node has ended. */
export interface NodeEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One life of a node: a process of the operating system. */
export class NodeProcess {
  readonly name: string;
  /** The name and the process: no two lives have the same. */
  readonly life: string;
  readonly ended: Promise<NodeEnd>;
  /** Resolves once it has loaded its code, if it is held. */
  readonly loaded: Promise<unknown>;
  /** Its output to stderr so far. */
  stderr = '';
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: unknown) => void)[] = [];

  /** @param program the path of its code */
  constructor(program: string, options: NodeOptions, env: Environment) {
    this.name = options.name;
    // Its own process group: the interrupt key of the terminal does not reach it. It ends at the
    // latest when the IPC channel does, with this process.
    this.#child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, ...env },
    });
    this.life = `${this.name}/${this.#child.pid}`;
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.loaded = options.isHeld ? this.#answer() : Promise.resolve();
    this.#child.on('message', (answer) => this.#waiting.shift()?.(answer));
    this.ended = this.#end();
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it with -9. */
  async kill(): Promise<NodeEnd> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Stops it in order. */
  async stop(): Promise<NodeEnd> {
    this.signal('SIGTERM');
    return this.ended;
  }

  /** Starts one that is held. */
  start(): void {
    this.#child.send({ type: 'start' } satisfies Question);
  }

  async status(): Promise<Cluster.Status> {
    return (await this.#ask({ type: 'status' })) as Cluster.Status;
  }

  /** Its next handler holds the thread for so many ms. */
  async hold(ms: number): Promise<void> {
    await this.#ask({ type: 'hold', ms });
  }

  async #ask(question: Question): Promise<unknown> {
    const answer = this.#answer();
    this.#child.send(question);
    const dead = this.ended.then(() => {
      throw new Error(`Expected ${this.life} to answer, got its end: ${this.stderr}`);
    });
    return Promise.race([answer, dead]);
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #end(): Promise<NodeEnd> {
    // `close` and not `exit`: only at `close` has all of stderr been read.
    const [status, signal] = (await once(this.#child, 'close')) as [
      NodeEnd['status'],
      NodeEnd['signal'],
    ];
    return { status, signal };
  }
}
