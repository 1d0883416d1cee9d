import {
  backoffDelay,
  DynamicSupervisor,
  type ExitReason,
  formatReason,
  isAbnormal,
  isAlive,
  Supervisor,
} from '@reprise/actor';
import { redact } from '@reprise/actor/text';
import {
  type CursorOptions,
  type ServerSentEvent,
  SseClient,
  sqlite,
  streamKey,
} from '@reprise/sse';

import { Delivery, type DeliveryContext } from './delivery.ts';
import type { ClientOptions } from './options/client-options.ts';
import type { CursorFile, ExecOptions } from './options/options.ts';
import { outputRecovery } from './output-recovery.ts';
import type { Source } from './source.ts';
import { watchEnd } from './watch-end.ts';

type ResilientOptions = SseClient.ResilientOptions;

/** The parts of a program that its clients work with. */
export interface ClientsContext extends DeliveryContext {
  readonly sources: readonly Source[];
  /** The file descriptor that events are printed to. */
  readonly outputFd: number;
}

/** A client for each source, until all have ended or enough events are printed. */
export class Clients {
  readonly #context: ClientsContext;
  /** Sources whose end is on the output already. */
  readonly #gaveUp: Set<string> = new Set();
  readonly #delivery: Delivery;
  #running: number;
  #hasEndedWell = false;

  constructor(context: ClientsContext) {
    this.#context = context;
    this.#delivery = new Delivery(context);
    this.#running = context.sources.length;
  }

  async start(parent: Supervisor.Pid, options: ClientOptions): Promise<void> {
    const spec = DynamicSupervisor.childSpec({
      id: 'clients',
      onChildExit: ({ id, reason }) => {
        this.#ended(id, reason);
      },
    });
    const supervisor = (await Supervisor.startChild(parent, spec)) as DynamicSupervisor.Pid;
    const { sources, output } = this.#context;
    for (const source of sources) {
      try {
        await DynamicSupervisor.startChild(supervisor, this.#client(source, options));
      } catch (error) {
        if (!isAlive(supervisor)) {
          // Killed at the deadline of a signal: this source and the next ones have not given up.
          return;
        }
        // For example its cursor is in use. The other sources are followed all the same.
        const { cause = error } = error as Error;
        output.state(source, { type: 'gaveUp', reason: redact((cause as Error).message) });
        this.#sourceIsOver(false);
      }
    }
  }

  #client(source: Source, options: ClientOptions): ReturnType<typeof SseClient.resilient> {
    const { exec, until } = this.#context.options;
    return SseClient.resilient({
      ...options,
      id: source.id,
      // `resilient` has tried all there is to try before it ends.
      restart: 'temporary',
      shutdown: 500,
      handle: (event, { signal }) => this.#delivery.handle(source, event, signal),
      ...(exec === undefined ? {} : { handleFailed: this.#handleFailed(source, exec) }),
      ...(until === undefined ? {} : { until: ({ data }: ServerSentEvent) => data === until }),
      ...this.#cursor(source),
      url: source.url,
      ...this.#watch(source),
    });
  }

  #watch(source: Source): Pick<ResilientOptions, 'classify' | 'onStatus'> {
    const { output } = this.#context;
    return watchEnd((state) => {
      if (state.type === 'gaveUp') {
        this.#gaveUp.add(source.id);
      }
      output.state(source, state);
    });
  }

  #cursor(source: Source): Pick<ResilientOptions, 'cursor'> {
    const { options, outputFd } = this.#context;
    const { cursor, exec, format } = options;
    if (cursor === undefined) {
      return {};
    }
    const hasLines = format.type === 'json' && exec === undefined;
    return { cursor: cursorOf(source, cursor, hasLines ? outputFd : undefined) };
  }

  // Events

  #handleFailed(
    source: Source,
    { retries, skipFailed }: ExecOptions,
  ): NonNullable<ResilientOptions['handleFailed']> {
    const { output } = this.#context;
    return (event, error, { attempt }) => {
      this.#delivery.giveBack();
      const after = backoffDelay(attempt - 1, retryDelay);
      const retry = attempt <= retries;
      if (!retry && !skipFailed) {
        throw error;
      }
      output.state(source, {
        type: 'eventFailed',
        reason: `event ${event.id ?? 'without an id'} failed: ${(error as Error).message}`,
        next: retry ? `next attempt in ${(after / 1000).toFixed(1)}s` : 'skipped',
      });
      return retry ? { retryAfter: after } : 'skip';
    };
  }

  // Ends

  #ended(id: string, reason: ExitReason): void {
    const { sources, output } = this.#context;
    const source = sources.find((each) => each.id === id);
    if (source !== undefined && isAbnormal(reason) && !this.#gaveUp.has(id)) {
      output.state(source, { type: 'gaveUp', reason: formatReason(reason) });
    }
    this.#sourceIsOver(!isAbnormal(reason));
  }

  #sourceIsOver(endedWell: boolean): void {
    this.#hasEndedWell ||= endedWell;
    this.#running -= 1;
    if (this.#running === 0) {
      this.#context.stop(this.#hasEndedWell ? 0 : 1);
    }
  }
}

/** Between two runs of a command for the same event, in ms. */
const retryDelay = { minDelay: 1000, maxDelay: 30_000 };

/** How long the last run may take to close the cursor file after it was killed, in ms. */
const timeout = 2000;

/** `linesFd`: where the events are printed as lines of JSON, if they are. */
function cursorOf(
  { url, name }: Source,
  { file, dedupe }: CursorFile,
  linesFd: number | undefined,
): CursorOptions {
  const isOwn = (source: string): boolean => redact(source) === name;
  const recovery = dedupe && linesFd !== undefined ? outputRecovery(isOwn, linesFd) : undefined;
  const store = sqlite(file, { timeout });
  const key = streamKey(url);
  return { store, key, dedupe, ...(recovery === undefined ? {} : { recovery }) };
}
