import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { advance, createTestSystem, type TestSystem } from '@reprise/actor/testing';

import { faultIn } from '../src/feed/faults.ts';
import * as Feed from '../src/feed/feed.ts';
import { History } from '../src/feed/history.ts';
import { Lines } from './support/lines.ts';
import { runReprise } from './support/reprise.ts';

describe('the plan of faults', () => {
  test('shows each kind in the first minute, the first within the first seconds, and again in every other', () => {
    const seconds = Array.from({ length: 60 }, (_, index) => index + 1);
    const faults = seconds.flatMap((second) => faultIn(second) ?? []);
    expect(new Set(faults)).toEqual(new Set(['drop', 'refuse', 'silence']));
    expect(seconds.findIndex((second) => faultIn(second) !== undefined)).toBeLessThan(5);
    expect(seconds.map((second) => faultIn(second + 120))).toEqual(seconds.map(faultIn));
  });
});

describe('the history', () => {
  const history = new History(3);
  for (const data of ['a', 'b', 'c', 'd']) {
    history.add('message', data);
  }

  test.each([
    ['2', ['c', 'd']],
    ['4', []],
    ['', []],
    ['1', ['b', 'c', 'd']],
    ['unknown', ['b', 'c', 'd']],
  ])('after %j has %j', (id, data) => {
    expect(history.after(id).map((event) => event.data)).toEqual(data);
  });
});

describe('the feed', () => {
  let system: TestSystem;
  let url: string;

  beforeEach(async () => {
    system = createTestSystem();
    url = await Feed.url(await Feed.startLink(system));
  });
  afterEach(() => system.stop());

  async function request(headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const [response] = (await once(get(url, { headers, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    return response;
  }

  async function to(second: number): Promise<void> {
    await advance(system, second * 1000 - system.clock.now());
  }

  test('sends load and memory every second, with ids that count up', async () => {
    const response = await request();
    expect(response.headers['content-type']).toBe('text/event-stream');
    const lines = new Lines(response);
    await to(1);
    await lines.until(/^event: load$/);
    const load = JSON.parse((await lines.until(/^data: .*busy/)).slice('data: '.length)) as unknown;
    expect(load).toEqual({
      busy: expect.any(Number),
      processors: expect.any(Number),
      averages: expect.any(Array),
    });
    await lines.until(/^id: 1$/);
    await lines.until(/^id: 2$/);
    await to(2);
    await lines.until(/^id: 4$/);
  });

  test('drops the connection in second 3, and goes on from Last-Event-ID', async () => {
    const lines = new Lines(await request());
    await to(3);
    await lines.whenEnded;
    expect(lines.all).not.toHaveLength(0);
    const resumed = new Lines(await request({ 'last-event-id': '1' }));
    await resumed.until(/^id: 2$/);
    await resumed.until(/^id: 5$/);
    expect(resumed.all).not.toContain('id: 1');
  });

  test('answers 503 once in second 6', async () => {
    const lines = new Lines(await request());
    await to(3);
    await lines.whenEnded;
    await request();
    await to(6);
    const refused = await request();
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    expect((await request()).statusCode).toBe(200);
  });

  test('goes silent in second 15: the connection stays, and nothing comes', async () => {
    await to(14);
    // The request after second 6 is refused.
    await request();
    const silent = await request();
    const lines = new Lines(silent);
    await to(20);
    const other = new Lines(await request({ 'last-event-id': '1' }));
    await other.until(/^id: 38$/);
    expect(silent.closed).toBe(false);
    await system.stop();
    await lines.whenEnded;
    expect(lines.all).toEqual([]);
  });

  test('ends with its process, and cuts its readers off', async () => {
    const lines = new Lines(await request());
    await system.stop();
    await lines.whenEnded;
    await expect(once(get(url, { agent: false }), 'response')).rejects.toThrow('ECONNREFUSED');
  });
});

test('reprise without a URL follows its own feed, and comes back after its faults', async () => {
  const { status, stdout, stderr } = await runReprise('tail', '--json', '--count', '8');
  const ids = stdout.map((line) => Number((JSON.parse(line) as { id: string }).id));
  // On a slow machine the first events are from before its first connection.
  const [first = NaN] = ids;
  expect(ids).toEqual(Array.from({ length: 8 }, (_, index) => first + index));
  expect(stderr.filter((line) => line === 'connected').length).toBeGreaterThanOrEqual(2);
  expect(stderr).toContainEqual(expect.stringMatching(/^disconnected .*, next attempt in/));
  expect(status).toBe(0);
});
