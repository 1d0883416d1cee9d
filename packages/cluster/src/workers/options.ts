import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Shutdown } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { assertStore } from '../options/settings.ts';
import type { Store, StoreKind } from '../store.ts';

/** The options of workers. */
export interface WorkersOptions {
  /** The module that each worker runs: a `file:` URL, or an absolute path. */
  readonly program: URL | string;
  /** How many workers, up to 1,024. Default: as many as the machine has cores for this program. */
  readonly count?: number;
  /** The arguments of the program. Default: none. */
  readonly args?: readonly string[];
  /**
   * The store of the nodes in the workers. With it, the streams of a worker that has died are free
   * at once; without it, when its lease is over.
   */
  readonly store?: Store<unknown, StoreKind>;
  /**
   * With more restarts than this within `maxSeconds` the supervisor gives up. Default: 10, for a
   * stream that ends the process of its handler does so five times.
   */
  readonly maxRestarts?: number;
  /** In seconds. Default: 60, for a process takes longer to start than an actor. */
  readonly maxSeconds?: number;
  /**
   * Called with each message that a worker sends by `process.send`, and with a function that sends
   * it an answer. An error that it throws is one that nobody catches.
   */
  readonly onMessage?: (message: unknown, worker: WorkerSender) => void;
}

/** A worker that has sent a message. */
export interface WorkerSender {
  /** The first is 1. */
  readonly number: number;
  /**
   * Sends a message to it; one that has ended misses it.
   * @throws TypeError for a message that JSON cannot have
   */
  readonly send: (message: unknown) => void;
}

const workersKeys: KeysOf<WorkersOptions> = {
  program: true,
  count: true,
  args: true,
  store: true,
  maxRestarts: true,
  maxSeconds: true,
  onMessage: true,
};

/** The options with their defaults, checked. */
export interface WorkersSettings {
  /** The path of a file. */
  readonly program: string;
  readonly count: number;
  readonly args: readonly string[];
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly shutdown: Shutdown;
  readonly store: WorkersOptions['store'] | undefined;
  readonly onMessage: WorkersOptions['onMessage'] | undefined;
}

/** Each is a process: more of them would only use up the memory of any machine. */
const mostWorkers = 1024;

/** How long a worker may take to end after SIGTERM, in ms: as long as a node takes by default. */
const defaultShutdown = 30_000;

/**
 * The options of the function `name`, which may have those of a child among them: `further`.
 * @throws TypeError or RangeError that names the first wrong option
 */
export function workersSettingsOf(
  name: string,
  options: WorkersOptions & { readonly shutdown?: Shutdown },
  further: Readonly<Record<string, true>>,
): WorkersSettings {
  assertKnownKeys(name, options, { ...workersKeys, ...further });
  const { count = availableParallelism(), args = [], store, onMessage } = options;
  const { maxRestarts = 10, maxSeconds = 60, shutdown = defaultShutdown } = options;
  if (!Number.isSafeInteger(count) || count < 1 || count > mostWorkers) {
    throw new RangeError(
      `Expected count to be a whole number from 1 to ${mostWorkers}, got ${describe(count)}`,
    );
  }
  if (!Array.isArray(args) || !args.every(isArgument)) {
    throw new TypeError(
      `Expected args to be a list of texts without U+0000, got ${describe(args)}`,
    );
  }
  if (store !== undefined) {
    assertShared(store);
  }
  if (onMessage !== undefined && typeof onMessage !== 'function') {
    throw new TypeError(
      `Expected onMessage to be a function (message, worker) => void, got ${describe(onMessage)}`,
    );
  }
  const program = fileOf(options.program);
  return { program, count, args, store, maxRestarts, maxSeconds, shutdown, onMessage };
}

/** A process has no memory of another. */
function assertShared(store: Store<unknown, StoreKind>): void {
  assertStore(store);
  if ('streams' in store) {
    throw new TypeError(
      'Expected store to be one that processes share, such as sqlite(file) or postgres(url), got memory()',
    );
  }
}

/** The operating system ends an argument of a program at U+0000. */
function isArgument(text: unknown): text is string {
  return typeof text === 'string' && !text.includes('\0');
}

function fileOf(program: unknown): string {
  const text = program instanceof URL ? program.href : program;
  if (typeof text === 'string' && text.startsWith('file:')) {
    return fileURLToPath(text);
  }
  if (!isArgument(text) || !isAbsolute(text)) {
    throw new TypeError(
      `Expected program to be a file: URL or an absolute path, such as new URL('./feeds.js', import.meta.url), got ${describe(text)}`,
    );
  }
  return text;
}
