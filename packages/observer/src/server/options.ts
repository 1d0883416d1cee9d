import { isIPv4 } from 'node:net';

import { assertKnownKeys, assertOneOf, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { type JudgeOptions, judgeLimits } from '../judge/limits.ts';
import { assertToken } from '../token.ts';
import { assertActions, type ObserverAction } from './actions.ts';

/** What the observer shows, however it is served. */
export interface ShowOptions {
  /**
   * Whether the states of servers and the messages that they handle are shown: bounded, as
   * `formatStatus` gives them, without secrets. Default: `show`.
   */
  readonly state?: 'show' | 'hide';
  /**
   * How the page is called where a proxy stands before it, such as `https://ops.example.com`:
   * requests that come from this origin are its own. Headers of proxies are not read. Default: the
   * `Host` of the request.
   */
  readonly origin?: string;
  /** When something needs a person: the limits of `judge`. */
  readonly judge?: JudgeOptions;
  /**
   * What may be done to processes by buttons of the page: `suspend`, `resume`, `restart` and
   * `stop`. Each press asks once more and is logged. The top of the tree, and what the observer
   * itself runs in, cannot be acted on. Default: none.
   */
  readonly actions?: readonly ObserverAction[];
}

/** The options of an observer with a server of its own. */
export interface ObserverOptions extends ShowOptions {
  /** The id of the child. Default: `observer`. */
  readonly id?: string;
  /**
   * The port, or else the next free one of ten; 0 takes any that is free. Default: 4141. One that
   * is taken is no failure: it is tried again later.
   */
  readonly port?: number;
  /** The address to listen on. Any but a loopback address needs a `token`. Default: `127.0.0.1`. */
  readonly host?: string;
  /**
   * What one has to know to read anything: 22 characters or more, of those that a URL can hold.
   * Default: a new one in each program, which `announce` tells.
   */
  readonly token?: string;
  /** Values of the header `Host` that are allowed besides those of this machine. Default: none. */
  readonly hosts?: readonly string[];
  /**
   * Is told the URL each time the server listens, with a token that was made up in its fragment. A
   * given token is not in it. Default: prints it on stderr if that is a terminal.
   */
  readonly announce?: (url: string) => void;
}

export const showKeys: KeysOf<ShowOptions> = {
  state: true,
  origin: true,
  judge: true,
  actions: true,
};

const observerKeys: KeysOf<ObserverOptions> = {
  ...showKeys,
  id: true,
  port: true,
  host: true,
  token: true,
  hosts: true,
  announce: true,
};

export function assertObserverOptions(options: ObserverOptions): void {
  assertKnownKeys('observer', options, observerKeys);
  const { id = 'observer', port = 0, host = '127.0.0.1', hosts = [], token, announce } = options;
  assertText('id', id, 'observer');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Expected port to be a whole number up to 65535, got ${describe(port)}`);
  }
  assertHost(host);
  assertHosts(hosts);
  if (!isLoopback(host) && token === undefined) {
    throw new TypeError(
      `Expected a token where host is not a loopback address, got host ${describe(host)} alone`,
    );
  }
  if (announce !== undefined && typeof announce !== 'function') {
    throw new TypeError(`Expected announce to be a function, got ${describe(announce)}`);
  }
  assertToken(token);
  assertShown(options);
}

function assertText(name: string, value: unknown, example: string): void {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(
      `Expected ${name} to be a string such as ${describe(example)}, got ${describe(value)}`,
    );
  }
}

/** A name is an address, too, and is looked up later: this one only looks like numbers. */
function assertHost(host: unknown): void {
  const isNumbers = typeof host === 'string' && /^\d+(?:\.\d+){3}$/.test(host);
  if (host === '' || (isNumbers && !isIPv4(host))) {
    throw new TypeError(
      `Expected host to be an address such as "127.0.0.1", got ${describe(host)}`,
    );
  }
  assertText('host', host, '127.0.0.1');
}

function assertHosts(hosts: unknown): void {
  if (!Array.isArray(hosts)) {
    throw new TypeError(
      `Expected hosts to be a list such as ["ops.example.com"], got ${describe(hosts)}`,
    );
  }
  for (const host of hosts as readonly unknown[]) {
    assertText('each of hosts', host, 'ops.example.com');
  }
}

export function assertShown(options: ShowOptions): void {
  const { state = 'show', origin, judge = {}, actions = [] } = options;
  judgeLimits(judge);
  assertActions(actions);
  assertOneOf('Expected state to be', state, ['show', 'hide']);
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
    throw new TypeError(
      `Expected origin to be like "https://ops.example.com", got ${describe(origin)}`,
    );
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
