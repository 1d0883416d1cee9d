import { redact } from '@reprise/actor/text';
import { streamKey } from '@reprise/sse';

import type { ClientOptions } from './client-options.ts';
import type { GivenOptions } from './given.ts';
import { requestOptions } from './request.ts';
import { nodeOptions, type NodeOptions } from './store.ts';
import { tlsOptions } from './tls.ts';
import { defined, expected, milliseconds, UsageError, wholeNumber } from './usage.ts';

/** The arguments of `reprise tail`, checked. */
export interface TailOptions {
  /** As given on the command line. Empty: the embedded feed. */
  readonly urls: readonly string[];
  readonly quiet: boolean;
  /** `Infinity` without `--count`. */
  readonly count: number;
  /** The types of the events that are wanted; `undefined`: all. */
  readonly types?: readonly string[];
  /** The data of the event that completes a stream. */
  readonly until?: string;
  readonly format: FormatOptions;
  /** The file that events are appended to, in place of stdout. */
  readonly output?: string;
  readonly exec?: ExecOptions;
  readonly client: ClientOptions;
  /** The page that shows the program; `undefined`: none. */
  readonly observer?: ObserverFlags;
  /** The file for the ids of the last printed events; `undefined` without `--cursor`. */
  readonly cursor?: CursorFile;
  /** Shares the streams with other processes; `undefined` without `--store`. */
  readonly node?: NodeOptions;
}

/** How an event is printed. */
export interface FormatOptions {
  readonly type: 'text' | 'json' | 'data';
  /** Whether the time of its arrival is printed, too. */
  readonly timestamps: boolean;
}

/** The command that is run for each event. */
export interface ExecOptions {
  readonly command: string;
  /** How often it is run again for an event that it failed for. */
  readonly retries: number;
  /** Whether an event is skipped that it still fails for; else the source gives up. */
  readonly skipFailed: boolean;
}

export interface ObserverFlags {
  /** Whether `--observer` was given: without it, only a person at a terminal gets the page. */
  readonly isAsked: boolean;
  /** `undefined`: the usual one. */
  readonly port?: number;
}

export interface CursorFile {
  readonly file: string;
  /** Whether events that were printed before are dropped. */
  readonly dedupe: boolean;
}

/**
 * Checks the arguments, and reads the files that they name.
 * @throws a `UsageError` for the first wrong one.
 */
export function readOptions(urls: readonly string[], given: GivenOptions): TailOptions {
  const { quiet = false } = given;
  // First: it may refuse to read stdin, which others do.
  const shared = node(urls, given);
  return {
    urls: urls.map(url),
    quiet,
    count: wholeNumber('--count', given.count) ?? Infinity,
    format: format(given),
    client: {
      ...requestOptions(given),
      ...defined({
        idleTimeout: milliseconds('--idle-timeout', given.idleTimeout),
        maxAttempts: wholeNumber('--max-attempts', given.maxAttempts),
        ...delays(given),
      }),
      ...tlsOptions(given),
    },
    ...defined({
      types: given.type,
      until: given.until,
      output: given.output,
      exec: exec(given),
      observer: observer(urls, given),
      cursor: cursor(urls, given),
      node: shared,
    }),
  };
}

function url(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw expected('a URL such as https://example.com/events', text);
  }
  return text;
}

function format({ json, dataOnly, timestamps }: GivenOptions): FormatOptions {
  if (json === true && dataOnly === true) {
    throw expected('either --json or --data-only', '--json and --data-only');
  }
  const type = dataOnly === true ? 'data' : 'text';
  return { type: json === true ? 'json' : type, timestamps: timestamps === true };
}

function exec(given: GivenOptions): ExecOptions | undefined {
  const { exec: command, retries } = given;
  const skipFailed = given.skipFailed === true;
  if (command === undefined) {
    if (retries !== undefined || skipFailed) {
      const flag = retries === undefined ? '--skip-failed' : '--retries';
      throw expected(`${flag} together with --exec`, `${flag} alone`);
    }
    return undefined;
  }
  if (given.output !== undefined) {
    throw expected('either --exec or --output', '--exec and --output');
  }
  return { command, retries: wholeNumber('--retries', retries, 0) ?? 0, skipFailed };
}

function observer(
  urls: readonly string[],
  { observer: flag, quiet }: GivenOptions,
): ObserverFlags | undefined {
  if (flag === undefined) {
    return urls.length === 0 && quiet !== true ? { isAsked: false } : undefined;
  }
  if (typeof flag === 'string') {
    return { isAsked: true, port: portOf(flag) };
  }
  return flag ? { isAsked: true } : undefined;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) {
    throw expected('--observer to be followed by a port, such as 4141, or by another option', text);
  }
  return port;
}

function delays(given: GivenOptions): Pick<ClientOptions, 'minDelay' | 'maxDelay'> {
  const minDelay = milliseconds('--min-delay', given.minDelay);
  const maxDelay = milliseconds('--max-delay', given.maxDelay);
  if (minDelay !== undefined && maxDelay !== undefined && minDelay > maxDelay) {
    throw expected(
      `--min-delay to be at most --max-delay (${given.maxDelay})`,
      `${given.minDelay}`,
    );
  }
  return defined({ minDelay, maxDelay });
}

function cursor(
  urls: readonly string[],
  { cursor: file, dedupe }: GivenOptions,
): CursorFile | undefined {
  if (file === undefined) {
    if (dedupe === true) {
      throw expected('--dedupe together with --cursor', '--dedupe alone');
    }
    return undefined;
  }
  if (urls.length === 0) {
    throw new UsageError('Expected a URL with --cursor, got none');
  }
  // Lines of JSON name their source without its secrets.
  assertOnce('--cursor', dedupe === true ? urls.map((text) => redact(text)) : urls);
  return { file, dedupe: dedupe === true };
}

function node(urls: readonly string[], given: GivenOptions): NodeOptions | undefined {
  const options = nodeOptions(urls, given);
  assertOnce('--store', options === undefined ? [] : urls.map(streamKey));
  return options;
}

function assertOnce(flag: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw expected(`each URL once with ${flag}`, twice);
  }
}
