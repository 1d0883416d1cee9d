import type { IncomingMessage, ServerResponse } from 'node:http';

import { describe, expect, test } from '@jest/globals';
import { type ChildSpec, Supervisor } from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { connect, crash, noreply, reconnect, SseClient, stop } from '../../src/index.ts';
import { mostWithin } from '../support/most-within.ts';
import { floor, jitter } from '../support/run.ts';
import { serve } from '../support/servers.ts';
import { settleNetwork } from '../support/stage.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end();
  };
const stream =
  (text: string, isLeftOpen = false): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text);
    if (!isLeftOpen) {
      response.end();
    }
  };
const redirectTo =
  (answer: Answer): Answer =>
  (request, response) => {
    if (request.url === '/there') {
      answer(request, response);
    } else {
      status(302, { location: '/there' })(request, response);
    }
  };
const byTurns = (...answers: readonly Answer[]): Answer => {
  let turn = 0;
  return (request, response) => {
    answers[(turn += 1) % answers.length]?.(request, response);
  };
};
/** Redirects without end, each to another URL. */
const maze = (): Answer => {
  let count = 0;
  return status302;
  function status302(request: IncomingMessage, response: ServerResponse): void {
    status(302, { location: `/${(count += 1)}` })(request, response);
  }
};

/** In two minutes: no client sends as many. */
const flood = 100;

/** The times of the requests that a server gets in two minutes. `levels` of supervisors. */
async function requestsOf(
  answer: Answer,
  specFor: (url: string) => ChildSpec,
  levels: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  const system = createTestSystem();
  const server = await serve((request, response) => {
    times.push(system.clock.now());
    answer(request, response);
  });
  let children: readonly ChildSpec[] = [specFor(server.url)];
  for (let level = 1; level < levels; level += 1) {
    const below = children;
    children = [Supervisor.childSpec({ id: `${level}`, strategy: 'oneForOne', children: below })];
  }
  await Supervisor.startLink(system, { strategy: 'oneForOne', children });
  await system.clock.advance(120_000, async () => {
    // No time passes while requests still follow each other.
    for (let seen = -1; seen !== times.length && times.length <= flood;) {
      seen = times.length;
      await settleNetwork();
      await settle(system);
    }
  });
  await system.stop();
  await server.close();
  return times;
}

/** Whether there are requests, at most 5 in any second and 20 in any minute. */
function isNoFlood(times: readonly number[]): boolean {
  return times.length > 0 && mostWithin(1000, times) <= 5 && mostWithin(60_000, times) <= 20;
}

const resilient =
  (options: Partial<SseClient.ResilientOptions> = {}) =>
  (url: string): ChildSpec =>
    SseClient.resilient({ id: 'client', url, handle: () => undefined, ...options });
const headers = (): Record<string, string> => ({ authorization: 'token' });
const broken = (): never => {
  throw new Error('not this one');
};

describe.each([1, 3])(
  'under %i levels of supervisors a client sends at most 5 requests in any second and 20 in any minute',
  (levels) => {
    test.each<[string, Answer, Partial<SseClient.ResilientOptions>]>([
      ['401 and new headers each time', status(401), { headers }],
      ['404', status(404), {}],
      ['204, to a permanent client', status(204), { restart: 'permanent' }],
      ['421', status(421), {}],
      ['a redirect to 404', redirectTo(status(404)), {}],
      ['a redirect to 401', redirectTo(status(401)), { headers }],
      ['redirects without end', maze(), {}],
      ['another content type', status(200, { 'content-type': 'text/html' }), {}],
      ['an event that is not handled', stream('data: x\n\n', true), { handle: broken }],
      ['Retry-After: 0', status(503, { 'retry-after': '0' }), {}],
      ['retry: 0 and an event', stream('retry: 0\nid: 1\ndata: x\n\n'), {}],
      ['401, an event, by turns', byTurns(status(401), stream('data: x\n\n')), { headers }],
      ['404, an event, by turns', byTurns(status(404), stream('data: x\n\n')), {}],
    ])('REC-19 that gets %s', async (_what, answer, options) => {
      jitter(floor);
      expect(isNoFlood(await requestsOf(answer, resilient(options), levels))).toBe(true);
    });

    test('REC-19 and supervisors that are made of new specs at each start change nothing about it', async () => {
      const made = (url: string): ChildSpec =>
        Supervisor.childSpec(
          () => ({ strategy: 'oneForOne' as const, children: [resilient()(url)] }),
          { id: 'made' },
        );
      expect(isNoFlood(await requestsOf(status(404), made, levels))).toBe(true);
    });

    const hasty = SseClient.define({
      init: (url: string) => connect({ url }, url),
      handleConnect: (_response, url) => noreply(url),
      handleConnectFailure: (failure, url) =>
        failure.type === 'status' && failure.status === 503
          ? reconnect({ url }, url)
          : stop(crash(new Error('as it is')), url),
      handleDisconnect: (_disconnected, url) => connect({ url }, url),
      handleEvent: (_event, url) => url,
    });

    test.each<[string, Answer]>([
      ['crashes', status(404)],
      ['reconnects at once', status(503)],
      ['connects at once', stream('')],
    ])('REC-19 also one with a behaviour of its own that %s', async (_what, answer) => {
      const child = (url: string): ChildSpec => SseClient.childSpec(hasty, url, { id: 'client' });
      expect(isNoFlood(await requestsOf(answer, child, levels))).toBe(true);
      const nameless = (url: string): ChildSpec => ({
        ...child(url),
        start: (parent) => SseClient.startLink(parent, hasty, url),
      });
      expect(isNoFlood(await requestsOf(answer, nameless, levels))).toBe(true);
    });
  },
);

test('REC-19 clients with one id at the same time have a budget each', async () => {
  const times = await requestsOf(
    status(503),
    (url) =>
      Supervisor.childSpec({
        id: 'all',
        strategy: 'oneForOne',
        children: Array.from({ length: 10 }, (_, index) =>
          Supervisor.childSpec({
            id: `${index}`,
            strategy: 'oneForOne',
            children: [resilient()(url)],
          }),
        ),
      }),
    1,
  );
  expect(times.filter((time) => time === 0)).toHaveLength(10);
});
