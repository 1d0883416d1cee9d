import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { ClientReport, Message } from './client-report.ts';
import type { Contender } from './contenders.ts';
import type { Fault } from './fault.ts';
import type { Exit, Observation } from './observation.ts';
import type { Order } from './order.ts';
import { Stage } from './stage.ts';

/** The program ended before it made its client: the contender cannot run here. */
export class CannotRun extends Error {}

/** Plays a fault to a contender, in a process of its own, for `window` ms. Throws `CannotRun`. */
export async function observe(
  contender: Contender,
  fault: Fault,
  window: number,
): Promise<Observation> {
  await using stage = await Stage.open(fault.play(window));
  fault.prepare?.(stage);
  await using subject = new Subject(contender, {
    url: stage.url,
    isOnlyWork: false,
    handling: 0,
    ...fault.order?.(window),
  });
  const from = await subject.whenReady();
  await Promise.race([sleep(window), subject.whenExited]);
  // A copy: the end of the program closes connections that the client did not close itself.
  const requests = stage.requests.map((received) => ({ ...received }));
  return { from, to: Date.now(), requests, ...subject.seen };
}

/** The limit for loading the modules, in ms. */
const loadingTime = 60_000;

/** A contender's program, running. */
class Subject implements AsyncDisposable {
  readonly whenExited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #ready: PromiseWithResolvers<number> = Promise.withResolvers();
  readonly #attempts: number[] = [];
  #startRss = 0;
  #last: ClientReport | undefined = undefined;
  #lastSeenAt = 0;
  #exit: Exit | undefined = undefined;
  #words = '';

  constructor({ name }: Contender, order: Order) {
    const program = fileURLToPath(new URL(`contender/${name}.ts`, import.meta.url));
    this.#process = fork(program, [JSON.stringify(order)], {
      execArgv: ['--conditions=@reprise/source'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (words: string) => {
      this.#words = (this.#words + words).slice(-4000);
    });
    this.#process.on('message', (message: Message) => this.#take(message));
    // Not `exit`: stderr and the channel can hold unread data then.
    this.whenExited = once(this.#process, 'close').then(([code, signal]: unknown[]) => {
      this.#exit = { code, signal, words: this.#words } as Exit;
      this.#ready.reject(new CannotRun(errorIn(this.#words)));
    });
  }

  /** Resolves with the time, in ms since 1970. */
  async whenReady(): Promise<number> {
    const timeout = setTimeout(() => {
      this.#ready.reject(new CannotRun(`not loaded after ${loadingTime} ms`));
    }, loadingTime);
    try {
      return await this.#ready.promise;
    } finally {
      clearTimeout(timeout);
    }
  }

  get seen(): Omit<Observation, 'from' | 'to' | 'requests'> {
    return {
      attempts: this.#attempts,
      startRss: this.#startRss,
      last: this.#last,
      lastSeenAt: this.#lastSeenAt,
      exit: this.#exit,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.whenExited;
  }

  #take(message: Message): void {
    this.#lastSeenAt = Date.now();
    if (message.type === 'ready') {
      this.#startRss = message.rss;
      this.#ready.resolve(this.#lastSeenAt);
      return;
    }
    this.#last = message.report;
    this.#attempts.push(...message.report.attempts);
  }
}

/** The line of a stack trace with the error. */
function errorIn(words: string): string {
  const [line = words.trim()] = /^\w*Error.*$/m.exec(words) ?? [];
  return line;
}
