import { classify } from '../resilient/policy.ts';
import { errorIn, type McpFailure } from './failure.ts';
import { fieldOf, messagesIn } from './json-rpc.ts';
import { legacy } from './revision.ts';

/** The facts that a listener knows of its server at a failure. */
export interface Known {
  /** Whether it speaks a legacy revision. */
  readonly isLegacy: boolean;
  /** Whether the server has listened to it before: with this session, if there is one. */
  readonly isProven: boolean;
  readonly hasSession: boolean;
}

export type Reaction =
  /** Another attempt after a delay. */
  | 'retry'
  /** Another attempt with new headers. */
  | 'refresh'
  /** The server speaks a legacy revision: `initialize`. */
  | 'initialize'
  /** The server has ended the session: another one. */
  | 'newSession'
  | 'giveUp';

/**
 * The reaction to a failure. A server that is asked for the first time may be a legacy one, and
 * then it refuses the request; the revision of a server that has listened is certain, and a refusal
 * is an error.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export function reactionTo(failure: McpFailure, known: Known): Reaction {
  if (failure.type === 'unsupported') {
    return 'giveUp';
  }
  return known.isLegacy ? toLegacy(failure, known) : toModern(failure, known);
}

function toModern(failure: McpFailure, { isProven }: Known): Reaction {
  const error = errorIn(failure);
  if (error !== undefined && isModernError(failure, error.code)) {
    const isOlder = error.code === unsupportedVersion && offersLegacy(error.data);
    return isOlder && !isProven ? 'initialize' : 'giveUp';
  }
  return isRejection(failure) && !isProven ? 'initialize' : usual(failure);
}

/** The status of an ended session is 404; some servers answer 400. */
function toLegacy(failure: McpFailure, { hasSession, isProven }: Known): Reaction {
  const status = failure.type === 'status' ? failure.status : 0;
  if (hasSession && (status === 404 || (isProven && (status === 400 || status === 410)))) {
    return 'newSession';
  }
  // The server has not noticed yet that the stream before is over.
  return status === 409 ? 'retry' : usual(failure);
}

function usual(failure: McpFailure): Reaction {
  switch (failure.type) {
    case 'unsupported':
      return 'giveUp';
    case 'rpc':
      return isWrongRequest(failure.code) ? 'giveUp' : 'retry';
    default: {
      const verdict = classify(failure);
      return verdict === 'retry' || verdict === 'refresh' ? verdict : 'giveUp';
    }
  }
}

/**
 * An error that only modern servers send, by 400 or in a response: one with a code that MCP has
 * reserved for itself. Or a 404 that says that there is no such method.
 */
function isModernError(failure: McpFailure, code: number): boolean {
  const status = failure.type === 'status' ? failure.status : 400;
  return status === 404 ? code === noMethod : status === 400 && code >= -32_099 && code <= -32_020;
}

/** Whether a legacy server may answer so to an unknown request. */
function isRejection(failure: McpFailure): boolean {
  if (failure.type === 'rpc') {
    return isWrongRequest(failure.code);
  }
  if (failure.type === 'contentType') {
    return messagesIn(failure.body) !== undefined;
  }
  return failure.type === 'status' && failure.status < 500 && usual(failure) === 'giveUp';
}

/** The list of the versions that the server supports; a server may leave it out. */
function offersLegacy(data: unknown): boolean {
  const supported = fieldOf(data, 'supported');
  return !Array.isArray(supported) || supported.some((version) => legacy.includes(version));
}

const unsupportedVersion = -32_022;
const noMethod = -32_601;

/** No JSON, no request, no method, wrong params. */
function isWrongRequest(code: number): boolean {
  return code === -32_700 || (code >= -32_602 && code <= -32_600);
}
