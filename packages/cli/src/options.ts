import { readFileSync } from 'node:fs';
import { METHODS, validateHeaderName, validateHeaderValue } from 'node:http';
import { createSecureContext } from 'node:tls';

import { redact } from '@reprise/actor/text';
import type { SseClient } from '@reprise/sse';

/** Wrong arguments. The message says what was expected, and what was given. */
export class UsageError extends Error {}

/** How to connect: the same for every source. */
export type ClientOptions = Pick<
  SseClient.ResilientOptions,
  | 'method'
  | 'headers'
  | 'body'
  | 'lastEventId'
  | 'idleTimeout'
  | 'maxAttempts'
  | 'minDelay'
  | 'maxDelay'
  | 'tls'
>;

/** The arguments of `reprise tail`, checked. */
export interface TailOptions {
  /** As given on the command line. Empty: the embedded feed. */
  readonly urls: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  /** `Infinity` without `--count`. */
  readonly count: number;
  readonly client: ClientOptions;
  /** The file for the ids of the last printed events; `undefined` without `--cursor`. */
  readonly cursor?: CursorFile;
}

export interface CursorFile {
  readonly file: string;
  /** Whether events that were printed before are dropped. */
  readonly dedupe: boolean;
}

/** The options as commander reads them. */
export interface GivenOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly count?: string;
  readonly header?: readonly string[];
  readonly method?: string;
  readonly data?: string;
  readonly lastEventId?: string;
  readonly cursor?: string;
  readonly dedupe?: true;
  readonly idleTimeout?: string;
  readonly maxAttempts?: string;
  readonly minDelay?: string;
  readonly maxDelay?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Checks the arguments, and reads the files that they name.
 * @throws a `UsageError` for the first wrong one.
 */
export function readOptions(urls: readonly string[], given: GivenOptions): TailOptions {
  const { json = false, quiet = false } = given;
  const cursorFile = cursor(urls, given);
  return {
    urls: urls.map(url),
    json,
    quiet,
    count: wholeNumber('--count', given.count) ?? Infinity,
    client: defined({
      method: method(given),
      headers: given.header === undefined ? undefined : headers(given.header),
      body: given.data === undefined ? undefined : body(given.data),
      lastEventId: lastEventId(given.lastEventId),
      idleTimeout: milliseconds('--idle-timeout', given.idleTimeout),
      maxAttempts: wholeNumber('--max-attempts', given.maxAttempts),
      ...delays(given),
      tls: tls(given),
    }),
    ...(cursorFile === undefined ? {} : { cursor: cursorFile }),
  };
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

function defined<Value extends object>(value: Value): Defined<Value> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Defined<Value>;
}

function expected(expectation: string, got: string): UsageError {
  return new UsageError(`Expected ${expectation}, got ${JSON.stringify(redact(got))}`);
}

function url(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw expected('a URL such as https://example.com/events', text);
  }
  return text;
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(number) || number < 1) {
    throw expected(`${flag} to be a whole number from 1 on`, text);
  }
  return number;
}

function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const seconds = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
  if (seconds <= 0) {
    throw expected(`${flag} to be seconds above 0, such as 2 or 0.5`, text);
  }
  return seconds * 1000;
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

function method({ method: text, data }: GivenOptions): string | undefined {
  if (text === undefined) {
    return data === undefined ? undefined : 'POST';
  }
  const name = text.toUpperCase();
  if (!METHODS.includes(name) || name === 'CONNECT') {
    throw expected('--method to be an HTTP method such as GET or POST', text);
  }
  if (data !== undefined && (name === 'GET' || name === 'HEAD')) {
    throw expected('--method to be one that carries --data, such as POST', text);
  }
  return name;
}

/** A header given twice is sent twice. */
function headers(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const all = new Map<string, string[]>();
  for (const [name, value] of lines.map(header)) {
    all.set(name, [...(all.get(name) ?? []), value]);
  }
  return Object.fromEntries(all);
}

function header(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || !isHeader(name, value)) {
    // The value may be a secret, and so may all of a line without a name.
    const start = /^[^\s:]*(?::|(?=\s))/.exec(line)?.[0] ?? '';
    throw expected(`--header to be 'Name: value'`, `${start} …`.trim());
  }
  return [name, value];
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function lastEventId(text: string | undefined): string | undefined {
  // The client sends any character in UTF-8, but a header cannot contain a line end or U+0000.
  if (text !== undefined && /[\r\n\0]/.test(text)) {
    throw expected('--last-event-id to be one line', text);
  }
  return text;
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
  const names = dedupe === true ? urls.map((text) => redact(text)) : urls;
  const twice = names.find((text, index) => names.indexOf(text) !== index);
  if (twice !== undefined) {
    throw expected('each URL once with --cursor', twice);
  }
  return { file, dedupe: dedupe === true };
}

function body(data: string): string | Uint8Array {
  return data.startsWith('@') ? read('--data', data.slice(1)) : data;
}

function tls(given: GivenOptions): ClientOptions['tls'] {
  if ((given.cert === undefined) !== (given.key === undefined)) {
    throw expected('--cert and --key together', given.cert === undefined ? '--key' : '--cert');
  }
  const files = defined({
    ca: text('--ca', given.ca),
    cert: text('--cert', given.cert),
    key: text('--key', given.key),
  });
  // Node ignores a file without a certificate, and would then trust nobody.
  if (files.ca !== undefined && !files.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw expected('--ca to name a PEM file of certificates', `${given.ca}`);
  }
  assertPair(files);
  return Object.keys(files).length === 0 ? undefined : files;
}

function assertPair(files: { readonly cert?: string; readonly key?: string }): void {
  try {
    createSecureContext(files);
  } catch (error) {
    throw new UsageError(
      `Expected --cert and --key to name PEM files that belong together, got ${(error as Error).message}`,
    );
  }
}

function text(flag: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : read(flag, path).toString('utf8');
}

function read(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(
      `Expected ${flag} to name a file that can be read, got ${JSON.stringify(path)} (${(error as Error).message})`,
    );
  }
}
