import { describe, expect, jest, test } from '@jest/globals';
import { processes, processInfo, Supervisor } from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';
import parsePrometheusTextFormat from 'parse-prometheus-text-format';

import { record } from '../../src/index.ts';
import { type Metric, metrics, metricsHandler, metricsText } from '../../src/metrics.ts';
import { families } from '../../src/metrics/families.ts';
import { childOf, drive } from '../support/driven.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { serve } from '../support/serve.ts';
import { child, fail, start } from '../support/tree.ts';

type Numbers = Record<string, number>;

/** The numbers of a text by name and labels, as Prometheus reads them. */
function parsed(text: string): Numbers {
  const families = parsePrometheusTextFormat(text);
  return Object.fromEntries(
    families.flatMap(({ name, metrics: all }) =>
      all.map(({ value, labels = {} }) => [keyOf(name, labels), Number(value)]),
    ),
  );
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  [name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' ');

const textOf = (system: TestSystem): Numbers => parsed(metricsText(metrics(system), 'prometheus'));

/** Without the numbers of single processes. */
const others = (numbers: Numbers): Numbers =>
  Object.fromEntries(Object.entries(numbers).filter(([key]) => !key.includes(' process=')));

const valuesOf = (all: readonly Metric[], name: string): Numbers =>
  Object.fromEntries(
    all
      .filter((one) => one.name === name)
      .map(({ attributes, value }) => [Object.values(attributes).join(' '), value]),
  );

describe('metrics', () => {
  test('MET-01 are the numbers of a driven run, one by one, and none more', async () => {
    await using run = await drive(metrics);
    const { system, app } = run;
    const numbers = textOf(system);
    const { bytes: news } = SseClient.status(childOf(app, 'news') as never);
    const { bytes: prices } = SseClient.status(childOf(app, 'prices') as never);
    const now = system.clock.now();
    expect(others(numbers)).toStrictEqual({
      reprise_processes: 7,
      reprise_mailbox_messages: 2,
      reprise_mailbox_longest: 2,
      // Of a and of db three each; of b; of the supervisor above db.
      'reprise_process_exits_total reason_type=crash': 6,
      'reprise_process_exits_total reason_type=killed': 2,
      'reprise_process_exits_total reason_type=shutdown': 1,
      'reprise_supervisor_restarts_total supervisor=app reason_type=crash': 3,
      'reprise_supervisor_restarts_total supervisor=app reason_type=killed': 2,
      'reprise_supervisor_restarts_total supervisor=app / store reason_type=crash': 2,
      'reprise_supervisor_gave_ups_total supervisor=app / store': 1,
      'reprise_sse_streams state=disconnected': 0,
      'reprise_sse_streams state=connecting': 0,
      'reprise_sse_streams state=connected': 2,
      [`${consumed} messaging_system=sse messaging_destination_name=app / prices`]: 70,
      [`${consumed} messaging_system=sse messaging_destination_name=app / news`]: 50,
      'reprise_sse_bytes_total stream=app / prices': prices,
      'reprise_sse_bytes_total stream=app / news': news,
      'reprise_sse_connects_total stream=app / prices': 1,
      'reprise_sse_connects_total stream=app / news': 3,
      'reprise_sse_connects_total stream=app / news error_type=status': 2,
      'reprise_sse_connects_total stream=app / news error_type=timeout': 1,
      'reprise_sse_connects_total stream=app / news error_type=network': 1,
      'reprise_sse_silence_seconds stream=app / prices': now / 1000,
      'reprise_sse_silence_seconds stream=app / news': 5,
      'reprise_sse_connection_age_seconds stream=app / prices': now / 1000,
      'reprise_sse_connection_age_seconds stream=app / news': 5,
      'reprise_sse_cursor_unwritten stream=app / prices': 0,
      'reprise_sse_cursor_unwritten stream=app / news': 0,
    });
    expect([prices, news]).toStrictEqual([70 * 9, 50 * 9]);
    expect(numbers['reprise_mailbox_dropped_total process=full']).toBe(3);
  });

  test('MET-01 have of each child the messages of all its processes, and its time on the thread', async () => {
    await using run = await drive(metrics);
    const { system, app } = run;
    const ended = [...record(system).processes];
    const paths = [
      'app',
      'app / a',
      'app / b',
      'app / news',
      'app / prices',
      'app / store',
      'app / store / db',
    ];
    const taken = (path: string): number => {
      const before = ended.filter((one) => one.path === path);
      const id = path.split(' / ').at(-1) ?? '';
      const pid =
        path === 'app' ? app : path.startsWith('app / store') ? undefined : childOf(app, id);
      const now = pid === undefined ? 0 : (processInfo(pid)?.handled ?? 0);
      return before.reduce((sum, { handled }) => sum + handled, now);
    };
    const all = metrics(system);
    expect(valuesOf(all, 'reprise.process.messages')).toStrictEqual(
      Object.fromEntries(paths.map((path) => [path, taken(path)])),
    );
    expect(taken('app / a')).toBe(3);
    expect(Object.keys(valuesOf(all, 'reprise.process.busy')).toSorted()).toStrictEqual(paths);
  });

  test('MET-02 go on when a stream is started again, and never fall', async () => {
    await using run = await drive(metrics);
    const before = textOf(run.system);
    await run.restartNews();
    const after = textOf(run.system);
    const counters = Object.keys(before).filter((key) => key.split(' ')[0]?.endsWith('_total'));
    expect(counters.filter((key) => (after[key] ?? 0) < (before[key] ?? 0))).toStrictEqual([]);
    const key = `${consumed} messaging_system=sse messaging_destination_name=app / news`;
    expect([before[key], after[key]]).toStrictEqual([50, 50]);
    expect(after['reprise_sse_connects_total stream=app / news']).toBe(4);
    expect(after['reprise_sse_connects_total stream=app / news error_type=status']).toBe(2);
  });

  test('MET-03 keep any name, escaped', async () => {
    const names = ['"', '\\', 'line\nfeed', 'тест', '試験', 'اختبار', '🙂', '\\n', 'x\ud800'];
    const system = createTestSystem();
    metrics(system);
    const app = await start(
      system,
      names.map((name) => child(name)),
    );
    for (const name of names) {
      await fail(system, childOf(app, name), 'x');
    }
    const text = metricsText(metrics(system), 'prometheus');
    const found = Object.keys(parsed(text))
      .filter((key) => key.startsWith('reprise_process_messages_total'))
      .map((key) => key.split('process=app / ')[1])
      .filter((name) => name !== undefined);
    expect(found).toStrictEqual([...names.slice(0, -1), 'x\ufffd']);
    await system.stop();
  });

  test('MET-04 are served in the form that Accept asks for, and as older text without', async () => {
    await using run = await drive(metrics);
    await using server = await serve(metricsHandler(run.system));
    const url = `${server.url}/metrics`;
    const openmetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    const open = await fetch(url, { headers: { accept: `${openmetrics},text/plain;q=0.5` } });
    const old = await fetch(url);
    const types = [open, old].map(({ headers }) => headers.get('content-type'));
    expect(types).toStrictEqual([openmetrics, 'text/plain; version=0.0.4; charset=utf-8']);
    const [openText, oldText] = [await open.text(), await old.text()];
    expect(openText.endsWith('\n# EOF\n')).toBe(true);
    const busy = openText.slice(openText.indexOf('# HELP reprise_process_busy')).split('\n');
    expect(busy.slice(0, 3)).toStrictEqual([
      '# HELP reprise_process_busy_seconds Time for which turns have held the thread.',
      '# TYPE reprise_process_busy_seconds counter',
      '# UNIT reprise_process_busy_seconds seconds',
    ]);
    expect(busy[3]).toMatch(
      /^reprise_process_busy_seconds_total\{process="app \/ \w+"\} [\d.e-]+$/,
    );
    expect(openText).toContain('# UNIT reprise_sse_bytes bytes\nreprise_sse_bytes_total{');
    expect(oldText).toContain('# TYPE reprise_process_busy_seconds_total counter\n');
    expect(oldText).not.toContain('# UNIT');
    expect(oldText).not.toContain('# EOF');
    for (const text of [openText, oldText]) {
      const heads = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      expect(heads).toStrictEqual([...new Set(heads)]);
    }
    const refused = await fetch(url, { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toStrictEqual([405, 'GET, HEAD']);
  });

  test.each([
    ['application/openmetrics-text;q=0,text/plain', 'text/plain'],
    ['text/plain, application/openmetrics-text;q=0.5', 'text/plain'],
    ['application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.8', 'text/plain'],
    ['*/*', 'text/plain'],
    ['application/openmetrics-textual', 'text/plain'],
    ['Application/OpenMetrics-Text; version=1.0.0; Q=0.5, text/plain; q=0.5', 'application/open'],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,' +
        'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'application/open',
    ],
  ])('MET-04 for %s', async (accept, type) => {
    const system = createTestSystem();
    await using server = await serve(metricsHandler(system));
    const { headers } = await fetch(server.url, { headers: { accept } });
    expect(headers.get('content-type')).toMatch(new RegExp(`^${type}`));
    await system.stop();
  });

  test('MET-05 have a hundred streams by name, and all others as one, also after a restart', async () => {
    const origin = await Origin.open();
    const system = createTestSystem();
    metrics(system);
    const facts = new Facts(system);
    const ids = Array.from({ length: 110 }, (_, index) => `stream ${index}`);
    const app = await start(
      system,
      ids.map((id) => SseClient.resilient({ id, url: origin.url, handle: () => undefined })),
    );
    for (const _ of ids) {
      await origin.stream('data: x\n\n');
      await facts.until('connected');
    }
    const connects = (): Numbers => valuesOf(metrics(system), 'reprise.sse.connects');
    const before = connects();
    expect(Object.keys(before)).toHaveLength(101);
    expect([before['app / stream 99'], before['other']]).toStrictEqual([1, 10]);
    for (const id of ['stream 3', 'stream 105']) {
      await Supervisor.terminateChild(app, id);
      await Supervisor.restartChild(app, id);
      await settle(system);
      await origin.stream();
      await facts.until('connected');
    }
    const after = connects();
    expect(Object.keys(after)).toStrictEqual(Object.keys(before));
    expect([after['app / stream 3'], after['app / stream 99'], after['other']]).toStrictEqual([
      2, 1, 11,
    ]);
    await system.stop();
    await origin.close();
  });

  test('MET-06 leave nothing behind: not after two at once, nor after one that is cut off', async () => {
    await using run = await drive(metrics);
    const { system } = run;
    await using server = await serve(metricsHandler(system));
    const timers = jest.spyOn(system.clock, 'setTimeout');
    const before = processes(system).length;
    const both = await Promise.all([fetch(server.url), fetch(server.url)]);
    const [first, second] = await Promise.all(both.map((response) => response.text()));
    expect(parsed(first ?? '')).toStrictEqual(parsed(second ?? ''));
    const cut = new AbortController();
    const aborted = fetch(server.url, { signal: cut.signal });
    cut.abort();
    await expect(aborted).rejects.toThrow('aborted');
    expect((await fetch(server.url)).status).toBe(200);
    expect([timers.mock.calls.length, processes(system).length]).toStrictEqual([0, before]);
  });

  test('OTEL-08 have no name that belongs to others', () => {
    const names = Object.values(families).map(({ name }) => name);
    expect(names.filter((name) => /^(?:nodejs|process|http)\./.test(name))).toStrictEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('infinite numbers are written as Prometheus has them', () => {
    const [first] = metrics(createTestSystem()) as [Metric];
    const values = [Infinity, -Infinity, 0.5].map((value) => ({ ...first, value }));
    expect(metricsText(values, 'prometheus').match(/(?<=^reprise_processes ).*$/gm)).toEqual([
      '+Inf',
      '-Inf',
      '0.5',
    ]);
  });

  test.each([undefined, null, 'x', [7], [{}], {}])('of no metrics, such as %j, throws', (given) => {
    expect(() => metricsText(given as never, 'prometheus')).toThrow(
      'Expected the metrics of metrics(system), got ',
    );
  });

  test('in no format but the two that there are', () => {
    expect(() => metricsText([], 'json' as never)).toThrow(
      'Expected the format to be "prometheus" or "openmetrics", got "json"',
    );
  });
});

const consumed = 'messaging_client_consumed_messages_total';
