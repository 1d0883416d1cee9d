import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { systemClock } from '@reprise/actor';

import type { Task } from './arguments.ts';
import type { TailOptions } from './options.ts';
import { jsonLine } from './output/json.ts';
import { eventLines } from './output/lines.ts';
import { lineReport, nameOf, type Output, plainOutput } from './output/output.ts';
import { screenOutput } from './output/screen.ts';
import { Sink } from './output/sink.ts';
import type { Source } from './source.ts';
import { createTail, type Ending } from './tail.ts';

/**
 * How long a reader that has stopped reading is waited for, in ms: one of stdout after a signal,
 * one of stderr always.
 */
const patience = 500;

type Stop =
  | Ending
  /** SIGINT or SIGTERM. */
  | { readonly type: 'interrupted' }
  /** stdout takes no more. */
  | { readonly type: 'broken'; readonly error: Error & { readonly code?: string } };

/** The program as the operating system sees it: signals, streams and the exit status. */
export class Program {
  readonly #process: NodeJS.Process;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #interrupted: PromiseWithResolvers<Stop> = Promise.withResolvers();

  constructor(process: NodeJS.Process) {
    this.#process = process;
    this.#stdout = new Sink(process.stdout);
    this.#stderr = new Sink(process.stderr);
  }

  /**
   * Does the task and exits; it never leaves the end to an event loop that has nothing left to do.
   */
  async run(task: Task): Promise<never> {
    const status = await this.#do(task);
    await Promise.race([
      this.#flushed(task),
      this.#interrupted.promise.then(() => delay(patience)),
    ]);
    this.#process.exit(status);
  }

  async #do(task: Task): Promise<number> {
    switch (task.type) {
      case 'print':
        void this.#stdout.write(task.text);
        return 0;
      case 'misuse':
        void this.#stderr.write(task.text);
        return 2;
      case 'tail':
        this.#listenForSignals();
        return this.#statusOf(await this.#tail(task.options));
      default:
        return task satisfies never;
    }
  }

  async #tail(options: TailOptions): Promise<Stop> {
    const tail = await createTail(options);
    const output = this.#outputFor(tail.sources, options);
    const stop = await Promise.race([
      tail.run(output),
      this.#interrupted.promise,
      this.#stdout.whenBroken.then((error): Stop => ({ type: 'broken', error })),
    ]);
    await tail.stop();
    output.close();
    return stop;
  }

  #outputFor(sources: readonly Source[], { json, quiet }: TailOptions): Output {
    const several = sources.length > 1;
    const report = quiet ? () => {} : lineReport(this.#stderr, several);
    if (json) {
      return plainOutput(jsonLine, this.#stdout, report);
    }
    const { stdout } = this.#process;
    if (this.#canDraw) {
      const terminal = { terminal: stdout, stdout: this.#stdout, report, clock: systemClock() };
      return screenOutput(sources, terminal);
    }
    return plainOutput(
      (source, event) => `${nameOf(source, several)}${eventLines(event).join('\n')}\n`,
      this.#stdout,
      report,
    );
  }

  /**
   * Not on a terminal that says of itself that it is none, nor on one without a size: some programs
   * make such for those they run.
   */
  get #canDraw(): boolean {
    const { stdout, env } = this.#process;
    return stdout.isTTY && env['TERM'] !== 'dumb' && stdout.columns > 0 && stdout.rows > 0;
  }

  /** The first signal asks for an orderly end; with the second the user has had enough. */
  #listenForSignals(): void {
    let isInterrupted = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      this.#process.on(signal, () => {
        if (isInterrupted) {
          this.#process.exit(128 + constants.signals[signal]);
        }
        isInterrupted = true;
        this.#interrupted.resolve({ type: 'interrupted' });
      });
    }
    // Whoever runs it apart has died: perhaps before anybody listened.
    const left = (): void => {
      this.#interrupted.resolve({ type: 'interrupted' });
    };
    this.#process.once('disconnect', left);
    // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- `undefined` where it is not run apart, whatever the types say
    if (this.#process.connected === false) {
      left();
    }
  }

  #statusOf(stop: Stop): number {
    switch (stop.type) {
      case 'counted':
      case 'ended':
      case 'interrupted':
        return 0;
      case 'gaveUp':
        return 1;
      case 'broken':
        return this.#statusOfBroken(stop.error);
      default:
        return stop satisfies never;
    }
  }

  /** A reader that has seen enough is no failure; a disk that is full is. */
  #statusOfBroken(error: Error & { readonly code?: string }): number {
    if (error.code === 'EPIPE' || error.code === 'EOF') {
      return 0;
    }
    void this.#stderr.write(`Expected stdout to take the events, got ${error.message}\n`);
    return 1;
  }

  async #flushed(task: Task): Promise<void> {
    // With a cursor, what the reader has not taken by now has not been handled: it comes in the
    // next run, and must not come in both.
    if (task.type !== 'tail' || task.options.cursor === undefined) {
      await this.#stdout.flushed();
    }
    await Promise.race([this.#stderr.flushed(), delay(patience)]);
  }
}
