import type { Clock } from '@reprise/actor';
import { redact } from '@reprise/actor/text';

import type { RequestBudget } from '../budget/request-budget.ts';
import { describeRefused } from '../maybe-promise.ts';
import {
  Attempt,
  type AttemptRules,
  type Connection,
  type ConnectionHandlers,
  type Judgement,
} from './attempt.ts';
import {
  badRequest,
  type ConnectFailure,
  type EventStreamResponse,
  requestFailed,
} from './failure.ts';
import { withHidden } from './hidden.ts';
import { firstHop, type Hop, isRedirect, nextHop } from './redirect.ts';
import { requestProblem, type SseRequest } from './request.ts';
import type { ExchangeResponse } from './transport.ts';

/**
 * Sends the request, follows redirects by our own rules for secrets (`nextHop`), and accepts one
 * response: 200 with `text/event-stream` (WHATWG HTML 9.2.3), or a response that the request calls
 * a stream.
 */
export function openConnection(
  request: SseRequest,
  handlers: ConnectionHandlers<EventStreamResponse, never>,
  clock: Clock,
  budget?: RequestBudget,
): Connection {
  return new Attempt(eventStreamRules, request, handlers, clock, budget);
}

/**
 * Whether a Content-Type is that of an event stream, in any case and with any parameters (WHATWG
 * MIME Sniffing: only the essence counts).
 */
export function isEventStream(contentType: string | undefined): boolean {
  return /^[\t ]*text\/event-stream[\t ]*(?:;|$)/i.test(contentType ?? '');
}

type Judged = Judgement<EventStreamResponse, never>;

const eventStreamRules: AttemptRules<SseRequest, EventStreamResponse, never> = {
  problem: requestProblem,
  firstHop,
  judge,
};

function judge(request: SseRequest, hop: Hop, response: ExchangeResponse): Judged {
  const { statusCode: status = 0, headers } = response;
  const url = redact(response.url);
  if (isRedirect(status, headers.location)) {
    const next = nextHop(hop, { status, location: headers.location }, request);
    return 'type' in next ? fail(next) : { type: 'follow', next };
  }
  if (status === 204) {
    const failure = { type: 'noContent', status, url } as const;
    return fail(withHidden(failure, { headers: { ...headers } }));
  }
  if (status !== 200) {
    return {
      type: 'refuse',
      failure: (body) =>
        withHidden({ type: 'status', status, url }, { headers: { ...headers }, body }),
    };
  }
  return judgeType(request, withHidden({ status, url }, { headers: { ...headers } }));
}

function judgeType({ contentType = isEventStream }: SseRequest, head: EventStreamResponse): Judged {
  let isAccepted: unknown;
  try {
    isAccepted = contentType(head.headers['content-type'] ?? '');
  } catch (error) {
    return fail(requestFailed(error, 'contentType'));
  }
  if (isAccepted === true) {
    return { type: 'open', head };
  }
  if (isAccepted === false) {
    const { status, url, headers } = head;
    return {
      type: 'refuse',
      failure: (body) => withHidden({ type: 'contentType', status, url }, { headers, body }),
    };
  }
  return fail(
    badRequest(`Expected contentType to give true or false, got ${describeRefused(isAccepted)}`),
  );
}

function fail(failure: ConnectFailure): Judged {
  return { type: 'fail', failure };
}
