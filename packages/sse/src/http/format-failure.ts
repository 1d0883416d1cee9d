import { crash, formatReason } from '@reprise/actor';
import { escapeControls, redactedStart } from '@reprise/actor/text';

import type { ConnectFailure, Disconnect } from './failure.ts';

type Failure = ConnectFailure | Disconnect;

/**
 * A failure as one line for people, at most 500 characters. It contains no header but Location and
 * Content-Type, nothing of a body, and no credentials. Control characters that the server sent are
 * escaped, so they can neither begin a new line in a log nor control a terminal.
 * @example
 * ```ts
 * import { formatFailure } from '@reprise/sse';
 *
 * console.log(formatFailure({ type: 'timeout', phase: 'connect', ms: 10_000 }));
 * // connect timeout after 10000 ms
 * ```
 */
export function formatFailure(failure: Failure): string {
  const formatter = formatters[failure.type] as (failure: Failure) => string;
  const text = formatter(failure);
  const start = redactedStart(text, longest) + (text.length > longest ? '…' : '');
  return escapeControls(start, { notation: 'json' });
}

/** In characters: a header can have thousands. */
const longest = 500;

type Formatters = {
  readonly [Type in Failure['type']]: (
    failure: Extract<Failure, { readonly type: Type }>,
  ) => string;
};

const formatters: Formatters = {
  status: ({ status }) => `status ${status}`,
  noContent: ({ status }) => `status ${status}`,
  contentType: ({ headers }) => `content type ${headers['content-type'] ?? 'missing'}`,
  redirect: ({ status, location, reason }) => `redirect ${status} to ${location} (${reason})`,
  network: formatCode,
  tls: formatCode,
  certificate: formatCode,
  timeout: (failure) => {
    const phase = 'phase' in failure ? failure.phase : 'idle';
    return `${phase} timeout after ${failure.ms} ms`;
  },
  request: ({ callback, error }) => {
    const failed = callback === undefined ? 'no request' : `${callback} failed`;
    return `${failed}: ${typeof error === 'string' ? error : formatReason(crash(error))}`;
  },
  badRequest: ({ message }) => `bad request: ${message}`,
  closed: () => 'closed by the server',
  tooLarge: ({ limit }) => `event above ${limit} bytes`,
};

function formatCode({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): string {
  return message.includes(code) ? message : `${code} ${message}`.trimEnd();
}
