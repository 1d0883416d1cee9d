import {
  Application,
  DynamicSupervisor,
  type ExitReason,
  formatReason,
  isAbnormal,
  isAlive,
  type Process,
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

import * as Feed from './feed/feed.ts';
import type { ClientOptions, CursorFile, TailOptions } from './options.ts';
import { outputRecovery } from './output-recovery.ts';
import type { Output } from './output/output.ts';
import type { Source } from './source.ts';

/** The program around the application. */
export interface Host {
  /** Called once the sources are known, before the first connection. */
  openOutput(sources: readonly Source[]): Output;
  /** Called once the last client has ended, with the output that it had. */
  closeOutput(output: Output): Promise<void>;
  /**
   * Called when there is nothing more to print. `status`: 0 when all events that `--count` asked
   * for are printed, or when at least one source ended well; 1 when all sources gave up.
   */
  stop(status: 0 | 1): void;
}

/**
 * `reprise tail` as an application: a supervised client for each source, and above them the
 * embedded feed if no URL was given.
 */
export function tailApplication(options: TailOptions, host: Host): Application.Application {
  return Application.define<Output>({
    name: 'tail',
    start: (self) => start(self, options, host),
    stop: (output) => host.closeOutput(output),
  });
}

async function start(
  self: Process,
  options: TailOptions,
  host: Host,
): Promise<Application.Started<Output>> {
  const isEmbedded = options.urls.length === 0;
  const top = await Supervisor.startLink(self, {
    strategy: 'oneForOne',
    // Whatever crashes here is a bug: it ends the program rather than hides it.
    maxRestarts: 0,
    children: isEmbedded ? [Feed.childSpec()] : [],
  });
  const urls = isEmbedded ? [await Feed.url(Supervisor.child(top, 'feed'))] : options.urls;
  const sources = urls.map(sourceOf);
  const output = host.openOutput(sources);
  const clients = new Clients(sources, output, options, (status) => {
    host.stop(status);
  });
  await clients.start(top, isEmbedded ? { ...embedded, ...options.client } : options.client);
  return { pid: top, state: output };
}

/** For the embedded feed: short enough to watch its faults pass. */
const embedded: ClientOptions = { idleTimeout: 5000, maxDelay: 3000 };

function sourceOf(url: string, index: number): Source {
  return { id: `source ${index + 1}`, url, name: redact(url) };
}

/** A client for each source, until all have ended or enough events are printed. */
class Clients {
  readonly #sources: readonly Source[];
  readonly #output: Output;
  readonly #options: TailOptions;
  readonly #stop: Host['stop'];
  /** Sources whose end is on the output already. */
  readonly #gaveUp: Set<string> = new Set();
  /** Events that are still to be printed. */
  #left: number;
  #running: number;
  #hasEndedWell = false;

  constructor(
    sources: readonly Source[],
    output: Output,
    options: TailOptions,
    stop: Host['stop'],
  ) {
    this.#sources = sources;
    this.#output = output;
    this.#options = options;
    this.#stop = stop;
    this.#left = options.count;
    this.#running = sources.length;
  }

  async start(parent: Supervisor.Pid, options: ClientOptions): Promise<void> {
    const spec = DynamicSupervisor.childSpec({
      id: 'clients',
      onChildExit: ({ id, reason }) => {
        this.#ended(id, reason);
      },
    });
    const supervisor = (await Supervisor.startChild(parent, spec)) as DynamicSupervisor.Pid;
    for (const source of this.#sources) {
      try {
        await DynamicSupervisor.startChild(supervisor, this.#client(source, options));
      } catch (error) {
        if (!isAlive(supervisor)) {
          // Killed at the deadline of a signal: this source and the next ones have not given up.
          return;
        }
        // For example its cursor is in use. The other sources are followed all the same.
        const { cause = error } = error as Error;
        this.#output.state(source, { type: 'gaveUp', reason: redact((cause as Error).message) });
        this.#sourceIsOver(false);
      }
    }
  }

  #client(source: Source, options: ClientOptions): ReturnType<typeof SseClient.resilient> {
    const { cursor, json } = this.#options;
    return SseClient.resilient({
      ...options,
      id: source.id,
      // `resilient` has tried all there is to try before it ends.
      restart: 'temporary',
      shutdown: 500,
      handle: (event) => {
        // The same packet may hold more events than `--count` asks for.
        return this.#left > 0 ? this.#print(source, event) : new Promise(() => {});
      },
      ...(cursor === undefined ? {} : { cursor: cursorOf(source, cursor, json) }),
      url: source.url,
      onStatus: (status) => {
        if (status.type === 'gaveUp') {
          this.#gaveUp.add(source.id);
        }
        this.#output.state(source, status);
      },
    });
  }

  #print(source: Source, event: ServerSentEvent): void | Promise<void> {
    this.#left -= 1;
    const printed = this.#output.event(source, event);
    if (this.#left === 0) {
      // Not before the reader has it: what it has not by the end is dropped.
      void Promise.resolve(printed).then(() => {
        this.#stop(0);
      });
    }
    return printed;
  }

  #ended(id: string, reason: ExitReason): void {
    const source = this.#sources.find((each) => each.id === id);
    if (source !== undefined && isAbnormal(reason) && !this.#gaveUp.has(id)) {
      this.#output.state(source, { type: 'gaveUp', reason: formatReason(reason) });
    }
    this.#sourceIsOver(!isAbnormal(reason));
  }

  #sourceIsOver(endedWell: boolean): void {
    this.#hasEndedWell ||= endedWell;
    this.#running -= 1;
    if (this.#running === 0) {
      this.#stop(this.#hasEndedWell ? 0 : 1);
    }
  }
}

/** How long the last run may take to close the cursor file after it was killed, in ms. */
const timeout = 2000;

function cursorOf(
  { url, name }: Source,
  { file, dedupe }: CursorFile,
  json: boolean,
): CursorOptions {
  const recovery = dedupe && json ? outputRecovery((source) => redact(source) === name) : undefined;
  const store = sqlite(file, { timeout });
  return { store, key: streamKey(url), dedupe, ...(recovery === undefined ? {} : { recovery }) };
}
