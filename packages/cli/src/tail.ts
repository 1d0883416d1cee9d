import {
  type ChildSpec,
  crash,
  createSystem,
  type DownMessage,
  ExitError,
  type ExitReason,
  formatReason,
  isAbnormal,
  type Logger,
  monitor,
  type Pid,
  spawnLink,
  Supervisor,
  type System,
} from '@reprise/actor';
import { type CursorOptions, SseClient, sqlite } from '@reprise/sse';

import type { ClientOptions, CursorFile, TailOptions } from './options.ts';
import { outputRecovery } from './output-recovery.ts';
import type { Output } from './output/output.ts';
import type { Source } from './source.ts';

/** Why it is over. */
export type Ending =
  /** As many events as were asked for. */
  | { readonly type: 'counted' }
  /** No source is left, and at least one ended well. */
  | { readonly type: 'ended' }
  /** No source is left, and none ended well. */
  | { readonly type: 'gaveUp' };

export interface Tail {
  readonly sources: readonly Source[];
  /** Settles when there is nothing more to be had. */
  run(output: Output): Promise<Ending>;
  /** Closes every connection; resolves within a second or so. */
  stop(): Promise<void>;
}

/**
 * Finds the sources, starting the embedded feed where none is given; connects to none of them yet.
 */
export async function createTail(tail: TailOptions): Promise<Tail> {
  const { urls, client } = tail;
  const system = createSystem({ logger: silent });
  const isEmbedded = urls.length === 0;
  const sources = (isEmbedded ? [await startFeed(system)] : urls).map(sourceOf);
  const options = isEmbedded ? { ...embedded, ...client } : client;
  return {
    sources,
    run: (output) => new Run(system, output, tail).follow(sources, options),
    stop: () => system.stop({ timeout: 1000 }),
  };
}

/** The feed's faults are to be seen to pass, not to be waited for. */
const embedded: ClientOptions = { idleTimeout: 5000, maxDelay: 3000 };

/**
 * Every end of a client is shown as the end of its source; reports would say it again, and not in
 * one line.
 */
const silent: Logger = { error: () => {}, warn: () => {} };

async function startFeed(system: System): Promise<string> {
  // Only here: reading the machine takes a large library, which nobody should wait for who has a
  // URL.
  const Feed = await import('./feed/feed.ts');
  return Feed.url(await Feed.startLink(system));
}

function sourceOf(url: string, index: number): Source {
  return { id: `source ${index + 1}`, url };
}

/** One supervised client a source, until there is an ending. */
class Run {
  readonly #system: System;
  readonly #output: Output;
  readonly #counted: PromiseWithResolvers<Ending> = Promise.withResolvers();
  readonly #gaveUp: Set<Source> = new Set();
  readonly #cursor: CursorFile | undefined;
  readonly #json: boolean;
  #left: number;

  constructor(system: System, output: Output, { count, cursor, json }: TailOptions) {
    this.#system = system;
    this.#cursor = cursor;
    this.#json = json;
    this.#output = output;
    this.#left = count;
  }

  follow(sources: readonly Source[], options: ClientOptions): Promise<Ending> {
    return Promise.race([
      this.#counted.promise,
      this.#supervise(sources, options).then(endingOf),
      this.#system.whenExited.then((reason) => {
        throw new ExitError(reason, 'the supervisor exited');
      }),
    ]);
  }

  /** Resolves with why each client ended, once all have. */
  #supervise(sources: readonly Source[], options: ClientOptions): Promise<readonly ExitReason[]> {
    const ended = Promise.withResolvers<readonly ExitReason[]>();
    spawnLink<DownMessage>(this.#system, async (self) => {
      const clients = new Map<Pid, Source>();
      const reasons: ExitReason[] = [];
      const children = sources.map((source) =>
        watched(this.#client(source, options), {
          started: (pid) => {
            clients.set(pid, source);
            monitor(self, pid);
          },
          failed: (error) => {
            this.#output.state(source, { type: 'gaveUp', reason: error.message });
            reasons.push(crash(error));
          },
        }),
      );
      await Supervisor.startLink(self.system, { strategy: 'oneForOne', children });
      while (reasons.length < sources.length) {
        const { pid, reason } = await self.receive();
        this.#clientEnded(clients.get(pid), reason);
        reasons.push(reason);
      }
      ended.resolve(reasons);
    });
    return ended.promise;
  }

  #client(source: Source, options: ClientOptions): ChildSpec<string, Pid> {
    return SseClient.resilient({
      ...options,
      id: source.id,
      // Whoever tails a POST wants what comes next as well.
      reconnect: true,
      // It ends for good or not at all: what would another one do better?
      restart: 'temporary',
      handle: (event) => {
        // The same packet may hold more than was asked for.
        return this.#left > 0 ? this.#show(source, event) : new Promise(() => {});
      },
      ...(this.#cursor === undefined ? {} : { cursor: cursorOf(source, this.#cursor, this.#json) }),
      url: source.url,
      onStatus: (status) => {
        if (status.type === 'gaveUp') {
          this.#gaveUp.add(source);
        }
        this.#output.state(source, status);
      },
    });
  }

  #show(source: Source, event: Parameters<Output['event']>[1]): void | Promise<void> {
    this.#left -= 1;
    const shown = this.#output.event(source, event);
    if (this.#left === 0) {
      // Not before the reader has it: what it has not is not waited for in the end.
      this.#counted.resolve(Promise.resolve(shown).then(() => ({ type: 'counted' })));
    }
    return shown;
  }

  /** A client that ended without having said so is not to be missed. */
  #clientEnded(source: Source | undefined, reason: ExitReason): void {
    if (source !== undefined && isAbnormal(reason) && !this.#gaveUp.has(source)) {
      this.#output.state(source, { type: 'gaveUp', reason: formatReason(reason) });
    }
  }
}

/** How long the last run may take to close the cursor file after it was killed, in ms. */
const timeout = 2000;

function cursorOf({ url }: Source, { file, dedupe }: CursorFile, json: boolean): CursorOptions {
  const key = keyOf(url);
  const recovery = dedupe && json ? outputRecovery((source) => keyOf(source) === key) : undefined;
  const store = sqlite(file, { timeout });
  return { store, key, dedupe, ...(recovery === undefined ? {} : { recovery }) };
}

/** A stream is known by its URL, without the secrets in it. */
function keyOf(url: string): string {
  const key = URL.parse(url);
  if (key === null) {
    return url;
  }
  key.username = '';
  key.password = '';
  return key.href;
}

interface StartWatcher {
  readonly started: (pid: Pid) => void;
  /** It is then as a child that was never asked for. */
  readonly failed: (error: Error) => void;
}

function watched(
  spec: ChildSpec<string, Pid>,
  { started, failed }: StartWatcher,
): ChildSpec<string, Pid> {
  return {
    ...spec,
    start: async (parent) => {
      try {
        const pid = await spec.start(parent);
        if (pid !== undefined) {
          started(pid);
        }
        return pid;
      } catch (error) {
        const { cause = error } = error as Error;
        failed(cause as Error);
        // As a client that answers `ignore`.
        return undefined as never;
      }
    },
  };
}

function endingOf(reasons: readonly ExitReason[]): Ending {
  return reasons.every(isAbnormal) ? { type: 'gaveUp' } : { type: 'ended' };
}
