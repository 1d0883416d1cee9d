import { assertKnownKeys, assertOneOf, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { HandleContext } from '../client/context.ts';
import { assertPartKeys, requestKeys, requestProblem, type SseRequest } from '../http/request.ts';
import { assertTimes, type StreamOptions } from '../resilient/options.ts';
import type { PaceOptions } from '../resilient/pace.ts';
import { reconnectDelayKeys } from '../resilient/policy.ts';
import type { McpFailure } from './failure.ts';
import { assertFilter, type ChangeNotification, type SubscriptionFilter } from './filter.ts';
import { legacy, modern } from './revision.ts';

/** The parts of a request that a listener leaves to its user. */
export type RequestOptions = Pick<
  SseRequest,
  'tls' | 'connectTimeout' | 'responseTimeout' | 'idleTimeout' | 'maxEventSize' | 'got'
>;

/**
 * A listener of an MCP server: its endpoint, its notifications, and its handlers. Times are in ms.
 * `healthyAfter` and the options of the delays are those of `SseClient.resilient`.
 */
export interface Listener extends RequestOptions, PaceOptions {
  /** The endpoint of the server, http: or https:. */
  readonly url: string | URL;
  /**
   * A function is called at each attempt, and once more, without a delay, when the server answers
   * 401 or 403. Default: none.
   */
  readonly headers?: NonNullable<StreamOptions['headers']>;
  /** The name and the version of the program, which the server is told. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** The notifications that it asks for. */
  readonly notifications: SubscriptionFilter;
  /**
   * Called with each notification, in order, one at a time. The listener reads nothing more until
   * the promise settles. An error crashes it.
   */
  readonly handle: (
    notification: ChangeNotification,
    context: HandleContext,
  ) => void | Promise<void>;
  /**
   * Called when notifications may be missing, once the server listens: the subjects of the
   * notifications have to be read again. No notification is handled before its promise settles. An
   * error crashes the listener.
   */
  readonly reread: (reason: RereadReason, context: HandleContext) => void | Promise<void>;
  /**
   * Called at every change; nothing waits for its result. An error that it throws, or that its
   * promise rejects with, is logged, and changes nothing.
   */
  readonly onStatus?: (change: ListenerStatus, context: HandleContext) => void;
  /**
   * The one revision of MCP that it speaks. Default: `2026-07-28`, and with a server that is older,
   * the newest of `2025-11-25`, `2025-06-18` and `2025-03-26` that the server speaks.
   */
  readonly protocolVersion?: string;
}

/**
 * Why notifications may be missing. `started`: the listener has just started, perhaps after a
 * crash. `relistened`: its stream ended, and could not be resumed. `newSession`: the server has
 * ended the session.
 */
export type RereadReason = 'started' | 'relistened' | 'newSession';

/** One change in the life of a listener, as `onStatus` gets it. */
export type ListenerStatus =
  | {
      readonly type: 'listening';
      readonly protocolVersion: string;
      /** The notifications that the server will send, of those that the listener asks for. */
      readonly notifications: SubscriptionFilter;
      /** Whether the stream continues where the one before it ended, with nothing missing. */
      readonly resumed: boolean;
    }
  | {
      readonly type: 'disconnected';
      /** `failure` in one line. */
      readonly reason: string;
      readonly failure: McpFailure;
      /** The time until the next attempt, in ms. */
      readonly after: number;
    }
  /** Another attempt would be useless: the listener crashes. */
  | { readonly type: 'gaveUp'; readonly reason: string; readonly failure: McpFailure };

export const requestOptionKeys: KeysOf<RequestOptions> = {
  tls: requestKeys.tls,
  connectTimeout: requestKeys.connectTimeout,
  responseTimeout: requestKeys.responseTimeout,
  idleTimeout: requestKeys.idleTimeout,
  maxEventSize: requestKeys.maxEventSize,
  got: requestKeys.got,
};

const { retry: _retry, retryAfter: _retryAfter, ...delayKeys } = reconnectDelayKeys;

const listenerKeys: KeysOf<Listener> = {
  ...requestOptionKeys,
  ...delayKeys,
  healthyAfter: true,
  url: true,
  headers: true,
  clientInfo: true,
  notifications: true,
  handle: true,
  reread: true,
  onStatus: true,
  protocolVersion: true,
};

/** @throws TypeError or RangeError for a listener that can never work; functions are not called. */
export function assertListener(listener: Listener): void {
  assertKnownKeys('McpListener', listener, listenerKeys);
  assertPartKeys(listener);
  const { url, headers = {}, notifications, protocolVersion = modern } = listener;
  for (const name of ['handle', 'reread'] as const) {
    if (typeof listener[name] !== 'function') {
      throw new TypeError(`Expected ${name} to be a function, got ${describe(listener[name])}`);
    }
  }
  assertClientInfo(listener.clientInfo);
  assertFilter(notifications);
  assertOneOf('Expected protocolVersion to be', protocolVersion, [modern, ...legacy]);
  assertTimes(listener);
  const problem = requestProblem({ url, ...(typeof headers === 'function' ? {} : { headers }) });
  if (problem !== undefined) {
    throw new TypeError(problem);
  }
}

function assertClientInfo(info: Listener['clientInfo'] | undefined): void {
  if (typeof info?.name !== 'string' || typeof info.version !== 'string') {
    throw new TypeError(`Expected clientInfo to be { name, version }, got ${describe(info)}`);
  }
}
