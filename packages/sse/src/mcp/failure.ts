import { escapeControls } from '@reprise/actor/text';

import { closed, type ConnectFailure, type Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import { withHidden } from '../http/hidden.ts';
import { errorOf, fieldOf, messagesIn, type RpcError } from './json-rpc.ts';

/** Why a listener does not listen. */
export type McpFailure =
  | ConnectFailure
  | Disconnect
  /**
   * The server answered with an error of JSON-RPC, by the status 200. Its message can be read, but
   * is not shown when the object is printed.
   */
  | { readonly type: 'rpc'; readonly code: number; readonly message: string }
  /** The server lacks a feature that the listener needs. */
  | { readonly type: 'unsupported'; readonly message: string };

/** The value that a step of the handshake throws. */
export class HandshakeError extends Error {
  readonly failure: McpFailure;

  constructor(failure: McpFailure) {
    super(formatMcpFailure(failure));
    this.failure = failure;
  }
}

/** A failure as one line for people: see `formatFailure`. */
export function formatMcpFailure(failure: McpFailure): string {
  switch (failure.type) {
    case 'rpc':
      return `JSON-RPC error ${failure.code}`;
    case 'unsupported':
      return escapeControls(failure.message, { notation: 'json' });
    default:
      return formatFailure(failure);
  }
}

export function rpcFailure({ code, message }: RpcError): McpFailure {
  return withHidden({ type: 'rpc', code }, { message: String(message) });
}

/**
 * The meaning of a failure of the client for MCP: a handshake that failed, or a listen that was
 * answered by JSON, which is an error or the end of the subscription.
 */
export function meaningOf(failure: ConnectFailure | Disconnect): McpFailure {
  if (failure.type === 'request' && failure.error instanceof HandshakeError) {
    return failure.error.failure;
  }
  if (failure.type !== 'contentType') {
    return failure;
  }
  const [message] = messagesIn(failure.body) ?? [];
  const error = message && errorOf(message);
  if (error !== undefined) {
    return rpcFailure(error);
  }
  // Every result has a type, in the modern revision.
  return fieldOf(message?.result, 'resultType') === undefined ? failure : closed;
}

/** The error of JSON-RPC that a failure carries, with any status. */
export function errorIn(failure: McpFailure): Pick<RpcError, 'code' | 'data'> | undefined {
  if (failure.type === 'rpc') {
    return failure;
  }
  const [message] = failure.type === 'status' ? (messagesIn(failure.body) ?? []) : [];
  return message && errorOf(message);
}
