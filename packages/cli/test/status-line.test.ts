import { expect, test } from '@jest/globals';

import { Rate } from '../src/output/rate.ts';
import { Tally } from '../src/output/status-line.ts';

const source = { id: 'source 1', url: 'http://example.com/', name: 'http://example.com/' };
const failure = { type: 'closed' } as const;
const event = { type: 'message', data: 'x', id: '1', lastEventId: '1' };

function line(tally: Tally, now: number, width = 120): string {
  return tally.line(source, now, width, (_colour, text) => text);
}

test('shows state, events, rate, reconnects and the last id', () => {
  const tally = new Tally(0);
  expect(line(tally, 0)).toBe('http://example.com/  connecting  0 events  0.0/s  0 reconnects');
  tally.state({ type: 'connected', url: source.url }, 0);
  tally.event(event, 100);
  expect(line(tally, 1000)).toBe(
    'http://example.com/  connected  1 event  1.0/s  0 reconnects  last id 1',
  );
  tally.state({ type: 'disconnected', reason: 'x', failure, after: 2500 }, 1000);
  tally.state({ type: 'connecting', attempt: 1 }, 3500);
  tally.state({ type: 'connected', url: source.url }, 3600);
  expect(line(tally, 3600)).toBe(
    'http://example.com/  connected  1 event  0.3/s  1 reconnect  last id 1',
  );
});

test('counts down to the next attempt, in whole seconds', () => {
  const tally = new Tally(0);
  tally.state({ type: 'disconnected', reason: 'x', failure, after: 2500 }, 1000);
  const waits = [1000, 1500, 1501, 3499, 3500, 9000].map(
    (now) => /in (\d+) s/.exec(line(tally, now))?.[1],
  );
  expect(waits).toEqual(['3', '2', '2', '1', '0', '0']);
});

test('shows the reason of giving up, and an end', () => {
  const tally = new Tally(0);
  tally.state({ type: 'gaveUp', reason: 'status 404' }, 0);
  expect(line(tally, 0)).toContain('gave up status 404');
  const other = new Tally(0);
  other.state({ type: 'ended' }, 0);
  expect(line(other, 0)).toContain('ended');
  other.state({ type: 'parked', reason: 'status 404', retryIn: 60_000 }, 0);
  expect(line(other, 0)).toContain('parked status 404');
  other.state({ type: 'parked', reason: 'it has ended', retryIn: undefined }, 0);
  expect(line(other, 0)).toMatch(/ended {2}0 events/);
});

test('is never wider than the terminal, and a long URL leaves room for the rest', () => {
  const name = `http://example.com/${'x'.repeat(200)}/end`;
  const long = { id: 'source 1', url: name, name };
  const text = new Tally(0).line(long, 0, 40, (_colour, part) => part);
  expect(text).toBe('http:/\u2026xx/end  connecting  0 events  0.\u2026');
});

test('a huge id is not measured over and over', () => {
  const tally = new Tally(0);
  tally.event({ ...event, lastEventId: '\u6F22'.repeat(1_000_000) }, 0);
  // Time of the processor: on a busy machine any line may have to wait.
  const before = process.cpuUsage();
  expect(line(tally, 0)).toMatch(/last id \u6F22+\u2026$/);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(500);
});

test('a rate is that of the last five whole seconds', () => {
  const rate = new Rate(0);
  for (let now = 0; now < 10_000; now += 100) {
    rate.add(now);
  }
  expect(rate.perSecond(10_000)).toBe(10);
  expect(rate.perSecond(12_000)).toBe(6);
  expect(rate.perSecond(15_999)).toBe(0);
  expect(rate.perSecond(1_000_000)).toBe(0);
});

test('a rate does not wait for five seconds to have passed', () => {
  const rate = new Rate(500);
  rate.add(600);
  rate.add(700);
  expect(rate.perSecond(900)).toBe(0);
  expect(rate.perSecond(1000)).toBe(2);
  expect(rate.perSecond(2000)).toBe(1);
});
