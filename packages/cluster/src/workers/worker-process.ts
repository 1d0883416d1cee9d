import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

import type { Clock } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

import { preloadUrl } from './end-with-parent.ts';
import type { WorkersSettings } from './options.ts';

/** How a process has ended: `status 1`, or the name of the signal. */
export type ProcessEnd = string;

/** A worker as a process of the operating system. */
export class WorkerProcess {
  readonly number: number;
  readonly #child: ChildProcess;
  readonly #ended: PromiseWithResolvers<ProcessEnd> = Promise.withResolvers();
  #hasEnded = false;

  /** Forks it. `number`: the first worker is 1. */
  constructor({ program, args, shutdown, onMessage }: WorkersSettings, number: number) {
    this.number = number;
    const limit = shutdown === 'brutalKill' ? 0 : shutdown;
    this.#child = fork(program, args, {
      execArgv: [...execArgvOf(process.execArgv), '--import', preloadUrl(limit)],
      env: { ...process.env, ...unwatched, REPRISE_WORKER: String(number) },
      // In a process group of its own: the Ctrl+C of a terminal goes to the parent alone, which
      // stops each worker once. A second signal would end a program at once.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.once('exit', (status, signal) => {
      this.#hasEnded = true;
      this.#ended.resolve(signal ?? `status ${status}`);
    });
    if (onMessage !== undefined) {
      const sender = { number, send: this.#send.bind(this) };
      this.#child.on('message', (message) => {
        onMessage(message, sender);
      });
    }
  }

  /** @throws (rejects) the error of the operating system if it starts no process. */
  async started(): Promise<void> {
    await once(this.#child, 'spawn');
    this.#child.on('error', () => {
      // A signal or a message that came too late.
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get whenEnded(): Promise<ProcessEnd> {
    return this.#ended.promise;
  }

  /** Kills it, if it has not ended. */
  kill(): void {
    if (!this.#hasEnded) {
      this.#child.kill('SIGKILL');
    }
  }

  /** Ends it by SIGTERM, and resolves once it has ended. It is killed after `limit` ms. */
  async stop(limit: number, clock: Clock): Promise<{ readonly isKilled: boolean }> {
    let isKilled = false;
    const killLate = (): void => {
      isKilled = true;
      this.kill();
    };
    if (!this.#hasEnded) {
      this.#child.kill('SIGTERM');
    }
    const timer = limit < Infinity ? clock.setTimeout(killLate, limit) : undefined;
    await this.whenEnded;
    if (timer !== undefined) {
      clock.clearTimeout(timer);
    }
    return { isKilled };
  }

  #send(message: unknown): void {
    if (!this.#child.connected) {
      return;
    }
    try {
      this.#child.send(message as Serializable);
    } catch (cause) {
      throw new TypeError(`Expected a message that JSON can have, got ${describe(message)}`, {
        cause,
      });
    }
  }
}

/**
 * The options of Node for a worker, by those of this process. Without the text of `node --eval`: it
 * would run in place of the program, and start workers that run it again. Its type is for a text
 * only, and a worker is not watched: it ends with its parent, which is.
 */
export function execArgvOf(own: readonly string[]): readonly string[] {
  return own.filter((option, at) => !isOfParent(option) && !takesNext.test(own[at - 1] ?? ''));
}

function isOfParent(option: string): boolean {
  return takesNext.test(option) || ofParent.test(option);
}

/** The next argument is the value. */
const takesNext = /^(?:-e|-p|-pe|--eval|--print|--input-type|--watch-path|--watch-kill-signal)$/;
const ofParent = /^--(?:(?:eval|print|input-type)=|watch(?:-|=|$))/;

/** `node --watch` has the programs that it starts tell their parent what they import. */
const unwatched = { WATCH_REPORT_DEPENDENCIES: undefined };
