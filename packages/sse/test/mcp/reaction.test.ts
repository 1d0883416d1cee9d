import { describe, expect, test } from '@jest/globals';

import { type McpFailure, meaningOf, rpcFailure } from '../../src/mcp/failure.ts';
import { type Known, type Reaction, reactionTo } from '../../src/mcp/reaction.ts';

const url = 'http://localhost/mcp';
const status = (code: number, error?: object): McpFailure => ({
  type: 'status',
  status: code,
  headers: {},
  url,
  body: error === undefined ? 'no' : JSON.stringify({ jsonrpc: '2.0', id: null, error }),
});
const rpc = (code: number): McpFailure => rpcFailure({ code, message: 'no' });
const noMethod = { code: -32_601, message: 'Method not found' };
const unsupported = (supported?: readonly string[]) => ({
  code: -32_022,
  message: 'Unsupported protocol version',
  data: { supported, requested: '2026-07-28' },
});

type Case = readonly [what: string, failure: McpFailure, reaction: Reaction];

function check(known: Known, cases: readonly Case[]): void {
  test.each(cases)('%s', (_what, failure, reaction) => {
    expect(reactionTo(failure, known)).toBe(reaction);
  });
}

describe('a server that is asked for the first time', () => {
  check({ isLegacy: false, isProven: false, hasSession: false }, [
    ['400 without an error of MCP: a legacy server', status(400), 'initialize'],
    ['400 with an error that any server can send', status(400, { code: -32_000 }), 'initialize'],
    ['404 without a body', status(404), 'initialize'],
    ['405', status(405), 'initialize'],
    ['200 and no such method', rpc(-32_601), 'initialize'],
    ['200 and wrong params', rpc(-32_602), 'initialize'],
    [
      'a version that only legacy ones are beside',
      status(400, unsupported(['2025-11-25'])),
      'initialize',
    ],
    ['a version, and no list', status(400, unsupported()), 'initialize'],
    ['a version that newer ones are beside', status(400, unsupported(['2027-01-01'])), 'giveUp'],
    ['a header that does not match', status(400, { code: -32_020 }), 'giveUp'],
    ['a capability that is missing', status(400, { code: -32_021 }), 'giveUp'],
    ['404 and no such method: a modern server', status(404, noMethod), 'giveUp'],
    [
      'a page of HTML',
      { type: 'contentType', status: 200, headers: {}, url, body: '<p>' },
      'giveUp',
    ],
    ['401', status(401), 'refresh'],
    ['403', status(403, unsupported()), 'refresh'],
    ['429', status(429), 'retry'],
    ['503 with any body', status(503, unsupported(['2025-11-25'])), 'retry'],
    ['too many subscriptions', rpc(-32_603), 'retry'],
    ['no answer', { type: 'network', code: 'ECONNREFUSED', message: 'x' }, 'retry'],
    ['an untrusted certificate', { type: 'certificate', code: 'X', message: 'x' }, 'giveUp'],
    ['nothing that it needs', { type: 'unsupported', message: 'x' }, 'giveUp'],
  ]);
});

describe('a modern server that has listened', () => {
  check({ isLegacy: false, isProven: true, hasSession: false }, [
    ['400 is an error, and no other revision', status(400), 'giveUp'],
    ['404', status(404), 'giveUp'],
    ['no such method', rpc(-32_601), 'giveUp'],
    ['only legacy versions', status(400, unsupported(['2025-11-25'])), 'giveUp'],
    ['503', status(503), 'retry'],
  ]);
});

describe('a legacy server', () => {
  check({ isLegacy: true, isProven: false, hasSession: false }, [
    ['404 without a session', status(404), 'giveUp'],
    ['400', status(400), 'giveUp'],
    ['405: it has no stream', status(405), 'giveUp'],
    ['409: the stream before is not over', status(409), 'retry'],
    ['401', status(401), 'refresh'],
    ['an error of initialize', rpc(-32_602), 'giveUp'],
    ['an error of its own', rpc(-32_603), 'retry'],
  ]);
});

describe('a legacy server with a session that has listened', () => {
  check({ isLegacy: true, isProven: true, hasSession: true }, [
    ['404: the session is over', status(404), 'newSession'],
    ['400 of a server that forgot its sessions', status(400), 'newSession'],
    ['410', status(410), 'newSession'],
    ['405', status(405), 'giveUp'],
    ['500', status(500), 'retry'],
  ]);
});

describe('a new session of a legacy server', () => {
  check({ isLegacy: true, isProven: false, hasSession: true }, [
    ['404: the session is over already', status(404), 'newSession'],
    ['400: no other session would help', status(400), 'giveUp'],
  ]);
});

describe('the answer to a listen by JSON', () => {
  const json = (message: object): ReturnType<typeof meaningOf> =>
    meaningOf({
      type: 'contentType',
      status: 200,
      headers: {},
      url,
      body: JSON.stringify(message),
    });

  test('is an error of JSON-RPC', () => {
    const failure = json({ jsonrpc: '2.0', id: 1, error: { code: -32_603, message: 'secret' } });
    expect(failure).toMatchObject({ type: 'rpc', code: -32_603, message: 'secret' });
    expect(JSON.stringify(failure)).toBe('{"type":"rpc","code":-32603}');
  });

  test('is the end of the subscription', () => {
    const result = { resultType: 'complete' };
    expect(json({ jsonrpc: '2.0', id: 1, result })).toEqual({ type: 'closed' });
  });

  const known: Known = { isLegacy: false, isProven: false, hasSession: false };

  test('is a result without a type: of a legacy server that answers anything', () => {
    const failure = json({ jsonrpc: '2.0', id: 1, result: {} });
    expect(failure).toMatchObject({ type: 'contentType' });
    expect(reactionTo(failure, known)).toBe('initialize');
    expect(reactionTo(failure, { ...known, isProven: true })).toBe('giveUp');
  });

  test('is no answer at all if it is no JSON', () => {
    const page = { type: 'contentType', status: 200, headers: {}, url, body: '<p>' } as const;
    expect(meaningOf(page)).toBe(page);
  });
});
