import type { ServerSentEvent } from '@reprise/sse';

import { environmentOf, runCommand } from './command.ts';
import type { ExecOptions, TailOptions } from './options/options.ts';
import { jsonLine } from './output/json.ts';
import type { Output } from './output/output.ts';
import { Quota } from './quota.ts';
import type { Source } from './source.ts';

export interface DeliveryContext {
  readonly options: TailOptions;
  readonly output: Output;
  /** Called when there is nothing more to print, with the exit status. */
  readonly stop: (status: 0 | 1) => void;
}

/** The way of events to the output, until enough of them are printed. */
export class Delivery {
  readonly #context: DeliveryContext;
  readonly #quota: Quota;

  constructor(context: DeliveryContext) {
    this.#context = context;
    this.#quota = new Quota(context.options.count);
  }

  /** The promise, if there is one, settles once the event is printed. */
  handle(source: Source, event: ServerSentEvent, signal: AbortSignal): void | Promise<void> {
    const { types } = this.#context.options;
    if (types !== undefined && !types.includes(event.type)) {
      return undefined;
    }
    // The same packet may hold more events than `--count` asks for.
    const taken = this.#quota.take();
    return taken === undefined
      ? this.#deliver(source, event, signal)
      : taken.then(() => this.#deliver(source, event, signal));
  }

  /** An event that was not printed does not count. */
  giveBack(): void {
    this.#quota.giveBack();
  }

  #deliver(source: Source, event: ServerSentEvent, signal: AbortSignal): void | Promise<void> {
    const { options, output } = this.#context;
    const done =
      options.exec === undefined
        ? output.event(source, event)
        : this.#run(options.exec, source, event, signal);
    if (this.#quota.isUsedUp) {
      // Not before the reader has the event: one that still waits at the end is dropped.
      void Promise.resolve(done).then(
        () => {
          this.#stop();
        },
        () => undefined,
      );
    }
    return done;
  }

  #stop(): void {
    if (this.#quota.isUsedUp) {
      this.#context.stop(0);
    }
  }

  async #run(
    { command }: ExecOptions,
    source: Source,
    event: ServerSentEvent,
    signal: AbortSignal,
  ): Promise<void> {
    const { type } = this.#context.options.format;
    const input = type === 'json' ? `${jsonLine(source, event)}\n` : event.data;
    await runCommand(command, input, { env: environmentOf(source, event), signal });
  }
}
