import { Readable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import { requestHeaders, requestProblem, type SseRequest } from '../../src/http/request.ts';

const url = 'http://127.0.0.1/events';

describe('requestHeaders()', () => {
  test('REQ-01 asks for an uncached event stream, with no Last-Event-ID at first', () => {
    expect(requestHeaders({ url })).toEqual({
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
    });
  });

  test('REQ-02 the user’s headers win, in any case, and undefined ones are left out', () => {
    const headers = { Accept: 'text/event-stream, */*', 'X-Key': 'k', 'x-none': undefined };
    expect(requestHeaders({ url, headers })).toStrictEqual({
      accept: 'text/event-stream, */*',
      'cache-control': 'no-cache',
      'x-key': 'k',
    });
  });

  test('REQ-04 REC-03 an empty last id is not sent', () => {
    expect(requestHeaders({ url, lastEventId: '5' })['last-event-id']).toBe('5');
    expect(requestHeaders({ url, lastEventId: '' })).not.toHaveProperty('last-event-id');
  });

  test('REC-04 an id is sent as the bytes of its UTF-8', () => {
    expect(requestHeaders({ url, lastEventId: '\u2026' })['last-event-id']).toBe('\xE2\x80\xA6');
  });
});

test.each(['\u0001', 'a\nb', 'a\u007F', 'a\0', '\u001B[2J', 'x'.repeat(16_385), 'é'.repeat(8193)])(
  'an id that no header can carry, or hardly a server takes, is not sent: %j',
  (lastEventId) => {
    expect(requestHeaders({ url, lastEventId })).not.toHaveProperty('last-event-id');
  },
);

describe('requestProblem()', () => {
  test.each<SseRequest>([
    { url },
    { url: new URL('https://me:pw@host.test/') },
    { url, method: 'POST', body: '{}' },
    { url, method: 'REPORT', body: Uint8Array.of(1) },
    { url, lastEventId: 'x'.repeat(8192) },
    { url, lastEventId: 'a\u0001' },
    { url, idleTimeout: Infinity },
    { url: 'unix:/run/x.sock:/events', got: { enableUnixSockets: true } },
  ])('%p can be sent', (request) => {
    expect(requestProblem(request)).toBeUndefined();
  });

  test.each<[string, SseRequest, string]>([
    ['REQ-07', { url: '/events' }, 'Expected an absolute http: or https: URL, got "/events"'],
    ['REQ-07', { url: 'ftp://x/' }, 'Expected an absolute http: or https: URL, got "ftp://x/"'],
    [
      'REQ-07',
      { url: undefined as unknown as string },
      'Expected an absolute http: or https: URL, got undefined',
    ],
    ['REQ-07', { url, headers: { 'a b': '' } }, 'Expected a header that HTTP can carry, got "a b"'],
    [
      'REQ-07',
      { url, headers: { token: 'a\nb' } },
      'Expected a header that HTTP can carry, got "token"',
    ],
    ['', { url, body: 'x' }, 'Expected a method that takes a body, got GET'],
    ['', { url, idleTimeout: 0 }, 'Expected idleTimeout to be above 0, got 0'],
    ['', { url, connectTimeout: Number.NaN }, 'Expected connectTimeout to be above 0, got NaN'],
  ])('%s %p: %s', (_id, request, problem) => {
    expect(requestProblem(request)).toBe(problem);
  });

  test('REQ-06 a stream is no body, since it cannot be sent again', () => {
    const body = Readable.from(['x']) as unknown as string;
    expect(requestProblem({ url, method: 'POST', body })).toMatch(
      /^Expected a body that can be sent again, a string or a Uint8Array, got /,
    );
  });
});
