import type { Clock } from '@reprise/actor';

import type { HeadersLike } from '../http/request.ts';
import { Deadline } from '../time/deadline.ts';
import { type ExchangeResult, exchange, type ExchangeOptions } from './exchange.ts';
import { HandshakeError, type McpFailure, rpcFailure } from './failure.ts';
import { isEmpty, offeredBy, type SubscriptionFilter } from './filter.ts';
import { errorOf, fieldOf, type RpcMessage } from './json-rpc.ts';
import type { Listener } from './options.ts';
import { endRequest, messageRequest, type SessionHeaders } from './requests.ts';
import { legacy } from './revision.ts';

/** How the messages of a handshake are sent. */
export interface Channel extends Omit<ExchangeOptions, 'id'> {
  readonly listener: Listener;
  readonly headers: HeadersLike;
  readonly nextId: () => number;
}

/** A session with a legacy server. Its headers are private: the id of a session is a secret. */
export class LegacySession {
  readonly #headers: SessionHeaders;
  readonly version: string;
  /** The notifications that the server offers, of those that the listener wants. */
  notifications: SubscriptionFilter;
  /** Whether the server knows that the listener is initialised, and its subscriptions. */
  isReady = false;
  /** Whether its stream was open. */
  hasListened = false;

  constructor(version: string, id: string | undefined, notifications: SubscriptionFilter) {
    this.version = version;
    this.#headers = {
      'mcp-protocol-version': version,
      ...(id === undefined ? {} : { 'mcp-session-id': id }),
    };
    this.notifications = notifications;
  }

  get headers(): SessionHeaders {
    return this.#headers;
  }

  get hasId(): boolean {
    return 'mcp-session-id' in this.#headers;
  }
}

/** Begins a session: the first step of the handshake. */
export async function initialize(channel: Channel): Promise<LegacySession> {
  const { clientInfo, notifications, protocolVersion = newest } = channel.listener;
  const params = { protocolVersion, capabilities: {}, clientInfo };
  const { headers, response } = await ask(channel, {}, 'initialize', params);
  const error = response && errorOf(response);
  if (error !== undefined) {
    throw new HandshakeError(rpcFailure(error));
  }
  const version = String(fieldOf(response?.result, 'protocolVersion'));
  const offered = offeredBy(fieldOf(response?.result, 'capabilities'), notifications);
  const id = headers['mcp-session-id'];
  return new LegacySession(version, typeof id === 'string' ? id : undefined, offered);
}

/** The other steps: after them the server sends its notifications to the stream of the session. */
export async function prepareSession(session: LegacySession, channel: Channel): Promise<void> {
  const problem = problemOf(session, channel.listener);
  if (problem !== undefined) {
    throw new HandshakeError(problem);
  }
  await tell(channel, session, { method: 'notifications/initialized' });
  const { resourceSubscriptions = [], ...lists } = session.notifications;
  const subscribed: string[] = [];
  for (const uri of resourceSubscriptions) {
    const { response } = await ask(channel, session.headers, 'resources/subscribe', { uri });
    if (response !== undefined && errorOf(response) === undefined) {
      subscribed.push(uri);
    }
  }
  session.notifications = {
    ...lists,
    ...(subscribed.length > 0 ? { resourceSubscriptions: subscribed } : {}),
  };
  session.isReady = true;
}

/** Sends a message that is no request, such as the answer to one of the server. */
export async function tell(
  channel: Channel,
  session: LegacySession,
  message: RpcMessage,
): Promise<void> {
  const { listener, headers } = channel;
  const request = messageRequest(listener, headers, session.headers, message);
  await exchange({ ...request, responseTimeout: longestTell }, without(channel));
}

/** The session that is being opened, if the server answers within the time of a shutdown. */
export async function opened(
  opening: Promise<LegacySession>,
  clock: Clock,
): Promise<LegacySession | undefined> {
  const late = Promise.withResolvers<undefined>();
  const deadline = new Deadline(clock, longestEnd, () => {
    late.resolve(undefined);
  });
  try {
    return await Promise.race([opening, late.promise]);
  } catch {
    return undefined;
  } finally {
    deadline.clear();
  }
}

/** Ends the session. It is waited for only as long as a shutdown has time. */
export async function endSession(channel: Channel, session: LegacySession): Promise<void> {
  const { listener, headers } = channel;
  const request = endRequest(listener, headers, session.headers);
  const limits = { responseTimeout: longestEnd, bodyTimeout: longestEnd / 2 };
  await exchange({ ...request, ...limits }, without(channel));
}

/** In ms: no notification is handled meanwhile. */
const longestTell = 10_000;
/** In ms. */
const longestEnd = 2000;

const [newest = ''] = legacy;

function ask(
  channel: Channel,
  session: SessionHeaders,
  method: string,
  params: object,
): Promise<ExchangeResult> {
  const { listener, headers, nextId } = channel;
  const id = nextId();
  const request = messageRequest(listener, headers, session, { id, method, params });
  // An attempt takes one request for its handshake, and one for its stream.
  const budget = method === 'initialize' ? channel.budget : undefined;
  return exchange(request, { ...channel, id, budget });
}

function without({ clock, signal }: Channel): ExchangeOptions {
  return { clock, signal };
}

function problemOf(
  { version, notifications }: LegacySession,
  { protocolVersion }: Listener,
): McpFailure | undefined {
  const versions = protocolVersion === undefined ? legacy : [protocolVersion];
  if (!versions.includes(version)) {
    const message = `Expected revision ${versions.join(' or ')}, got ${version}`;
    return { type: 'unsupported', message };
  }
  return isEmpty(notifications) ? nothingOffered : undefined;
}

export const nothingOffered: McpFailure = {
  type: 'unsupported',
  message: 'Expected a server that offers one of the notifications, got one that offers none',
};
