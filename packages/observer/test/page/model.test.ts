import { describe, expect, test } from '@jest/globals';

import { crashBars } from '../../page/model/crash-bars.ts';
import { flatList, visibleRange } from '../../page/model/flat-list.ts';
import {
  age,
  clockTime,
  countdown,
  duration,
  grouped,
  lastOf,
  rated,
  shortPath,
  visible,
} from '../../page/model/format.ts';
import { type LaneList, laneList } from '../../page/model/lane-list.ts';
import { lossesOf, marksOf } from '../../page/model/lanes.ts';
import { lifeLines } from '../../page/model/lives.ts';
import { Mirror, rowsOfPast } from '../../page/model/mirror.ts';
import { parseJson } from '../../page/model/parse-json.ts';
import { firstPlace, quarters } from '../../page/model/quarters.ts';
import { Rates } from '../../page/model/rates.ts';
import { restartsByPart, restartsOf, restartsSince } from '../../page/model/restarts.ts';
import { formatRoute, parseRoute } from '../../page/model/route.ts';
import { withPoint } from '../../page/model/samples.ts';
import { StreamRates } from '../../page/model/stream-rates.ts';
import { nearlyAllIn } from '../../page/model/waiting.ts';
import { wallTime } from '../../page/model/wall-time.ts';
import { written } from '../../page/model/written.ts';
import type { EndedLife, Lane, Stream, TreeRow, Vitals } from '../../src/wire.ts';

const row = (number: number, parent: number, more: Partial<TreeRow> = {}): TreeRow => ({
  row: number,
  parent,
  id: `id-${number}`,
  type: 'worker',
  pid: number + 100,
  state: 'running',
  restarts: 0,
  ...more,
});

describe('texts', () => {
  test.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [999, '999 ms'],
    [3680, '3.7 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [596_000, '9 min 56 s'],
    [3_600_000, '1 h'],
    [1_051_200_000, '12 d 4 h'],
  ])('a duration of %i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test.each([
    [-300, '0 s'],
    [1, '1 s'],
    [7900, '8 s'],
    [120_000, '2 min'],
  ])('OBS-P03 a countdown of %i ms is %s, and never below 0', (ms, text) => {
    expect(countdown(ms)).toBe(text);
  });

  test('numbers keep their width: thin spaces, and one digit below 10', () => {
    expect(grouped(8_204_117)).toBe('8\u2009204\u2009117');
    expect([0.01, 0.3, 9.94, 12.4, 1240].map(rated)).toEqual([
      '0',
      '0.3',
      '9.9',
      '12',
      '1\u2009240',
    ]);
    expect([500, 61_000, 1.1e9].map(age)).toEqual(['1 s', '1 m', '12 d']);
  });

  test('SEC-01 controls, marks of direction and lone surrogates are marked, and texts are cut', () => {
    expect(visible('a\u202Eb\u0000c\uD800d\u200Fe')).toBe('a\uFFFDb\uFFFDc\uFFFDd\uFFFDe');
    expect(visible('<script>')).toBe('<script>');
    expect(visible('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(10)}…`);
  });

  test('a path is shown by its last names', () => {
    expect(lastOf('app / feeds / prices')).toBe('prices');
    expect(lastOf('app')).toBe('app');
    expect(shortPath('app / feeds / prices / oslo')).toBe('prices / oslo');
    expect(shortPath('app')).toBe('app');
  });

  test('a time of day is that of the viewer', () => {
    const date = new Date(2026, 0, 2, 3, 4, 5);
    expect(clockTime(date.getTime())).toBe('03:04:05');
    expect(clockTime(date.getTime(), false)).toBe('03:04');
  });
});

test('OBS-P19 when the clock of the server is set, new times follow it, and spans stay as they are', () => {
  const before = { at: 10_000, wall: 1_800_000_000_000 };
  const after = { at: 10_500, wall: before.wall + 500 + 3_600_000 };
  expect(wallTime(10_400, before)).toBe(before.wall + 400);
  expect(wallTime(10_400, after)).toBe(before.wall + 400 + 3_600_000);
  const span = (seen: typeof before) => wallTime(10_400, seen) - wallTime(7000, seen);
  expect([span(before), span(after)]).toEqual([3400, 3400]);
});

test('OBS-P02 restarts are bars of five minutes, and those of more than an hour ago are none', () => {
  const restartHour = { from: 600_000, part: 300_000, counts: [2, 0, 1] };
  const crashed = row(1, 0, { restartHour });
  expect(restartsByPart(crashed, 1_300_000)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
  expect(restartsByPart(crashed, 1_500_000)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0]);
  expect(restartsSince(crashed, 4_499_999)).toBe(600_000);
  const counts = [1_300_000, 4_499_999, 4_500_000, 5_100_000].map((at) => restartsOf(crashed, at));
  expect(counts).toEqual([3, 3, 1, 0]);
  expect(restartsOf(row(2, 0), 1_300_000)).toBe(0);
});

describe('a value that is written', () => {
  const textOf = (value: unknown, limit = 1000): string =>
    written(value, limit)
      .map(({ text }) => text)
      .join('');

  test('is as a person would write it, on one line if there is room', () => {
    expect(textOf({ a: 1, b: 'x', c: [true, null] })).toBe("{ a: 1, b: 'x', c: [true, null] }");
    expect(textOf('plain')).toBe('plain');
    expect(textOf({ ref: {}, list: [] })).toBe('{ ref: {}, list: [] }');
    expect(textOf({ at: { key: 'x'.repeat(60) } })).toBe(
      `{\n  at: {\n    key: '${'x'.repeat(60)}',\n  },\n}`,
    );
    expect(textOf({ a: 'x'.repeat(50) }, 12)).toBe("{\n  a: 'xxxx…");
  });

  test('tells keys, texts, secrets, and what is not shown', () => {
    const value = {
      token: '[redacted]',
      list: '[Array(50)]',
      note: 'a [redacted]',
      is: '… 3 more',
    };
    const typed = written(value, 1000).filter(({ type }) => type !== undefined && type !== 'key');
    expect(typed).toEqual([
      { text: 'hidden', type: 'hidden' },
      { text: 'Array(50)', type: 'note' },
      { text: "'a [redacted]'", type: 'text' },
      { text: '… 3 more', type: 'note' },
    ]);
  });

  test('SEC-01 is text, with a mark for each character that is not to be seen', () => {
    expect(textOf({ '\u202Ea': '<img>\u0000' })).toBe("{ \uFFFDa: '<img>\uFFFD' }");
  });
});

describe('the address', () => {
  test('holds view, selection, filter and time, and is read back', () => {
    const route = {
      view: 'processes',
      selected: 'app / a&b=c',
      filter: 'ä?',
      time: 81_000,
    } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  test('of another page shows the overview', () => {
    expect(parseRoute('#nothing?time=x').view).toBe('overview');
    expect(parseRoute('#nothing?time=x').time).toBeUndefined();
    expect(parseRoute('').selected).toBeUndefined();
    for (const time of ['', '%20', 'NaN', 'Infinity']) {
      expect(parseRoute(`#processes?time=${time}`).time).toBeUndefined();
    }
  });

  test('has all of a filter that somebody has typed into it', () => {
    expect(parseRoute('#processes?filter=a?b')).toMatchObject({ view: 'processes', filter: 'a?b' });
  });
});

test('SEC-01 a name with half of a surrogate pair can stand in an address, and is found by it', () => {
  const [told] = parseJson('[{"id":"a\\ud800b"}]') as readonly [{ readonly id: string }];
  expect(told.id).toBe('a\uFFFDb');
  const address = formatRoute({
    view: 'processes',
    selected: told.id,
    filter: '',
    time: undefined,
  });
  expect(parseRoute(address).selected).toBe(told.id);
  expect(parseJson('"\\ud83d\\ude00"')).toBe('\u{1F600}');
});

describe('the tree as a list', () => {
  const all = {
    folds: new Map(),
    notable: () => false,
    restarted: () => false,
    matches: undefined,
  };

  test('has a row whose id looks like a path', () => {
    const mirror = new Mirror();
    mirror.replace([
      row(1, 0),
      row(2, 1, { id: 'a / b' }),
      row(3, 2, { id: 'b' }),
      row(4, 1, { id: '' }),
    ]);
    expect(mirror.byPath('id-1 / a / b')?.row).toBe(2);
    expect(mirror.byPath('id-1 / a / b / b')?.row).toBe(3);
    expect(mirror.byPath('id-1 / ')?.row).toBe(4);
    expect(mirror.byPath('id-1 / b')).toBeUndefined();
  });

  test('goes from the top down, and what is folded has no lines', () => {
    const mirror = new Mirror();
    mirror.replace([row(3, 1), row(1, 0), row(2, 1), row(4, 3), row(5, 0)]);
    const numbers = (folds: ReadonlyMap<number, boolean>) =>
      flatList(mirror, { ...all, folds }).map((line) =>
        line.type === 'row' ? [line.row.row, line.depth] : [],
      );
    expect(numbers(new Map())).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 0],
    ]);
    expect(numbers(new Map([[1, false]]))).toEqual([
      [1, 0],
      [5, 0],
    ]);
    expect(mirror.pathOf(4)).toBe('id-1 / id-3 / id-4');
    expect(mirror.byPath('id-1 / id-3 / id-4')?.row).toBe(4);
    expect(mirror.byPid(104)?.row).toBe(4);
  });

  test('OBS-P12 of many children shows those that need a look, and a count, until it is opened', () => {
    const mirror = new Mirror();
    const workers = Array.from({ length: 17_312 }, (_, at) => row(at + 2, 1));
    mirror.replace([row(1, 0, { type: 'supervisor' }), ...workers]);
    const notable = ({ row: number }: TreeRow) => number === 7 || number === 17_000;
    const folded = flatList(mirror, { ...all, notable });
    expect(folded).toHaveLength(4);
    const rest = { type: 'rest', parent: 1, depth: 1, count: 17_310, areAllRunning: true };
    expect(folded.at(-1)).toEqual(rest);
    expect(flatList(mirror, { ...all, folds: new Map([[1, true]]) })).toHaveLength(17_313);
  });

  test('of many children shows those that were restarted, unless these are many', () => {
    const mirror = new Mirror();
    const workers = Array.from({ length: 200 }, (_, at) => row(at + 2, 1));
    mirror.replace([row(1, 0), row(202, 1, { state: 'stopped' }), ...workers]);
    const numbers = (last: number) =>
      flatList(mirror, {
        ...all,
        notable: ({ row: number }) => number === 3,
        restarted: ({ row: number }) => number >= 5 && number <= last,
      }).map((line) => (line.type === 'row' ? line.row.row : [line.count, line.areAllRunning]));
    expect(numbers(6)).toEqual([1, 3, 5, 6, [198, false]]);
    expect(numbers(53)).toHaveLength(52);
    expect(numbers(54)).toEqual([1, 3, [200, false]]);
  });

  test('OBS-P10 a filter keeps the ancestors of its hits', () => {
    const mirror = new Mirror();
    mirror.replace([row(1, 0), row(2, 1), row(3, 2), row(4, 1)]);
    const lines = flatList(mirror, { ...all, matches: ({ row: number }) => number === 3 });
    expect(lines.map((line) => line.type === 'row' && line.row.row)).toEqual([1, 2, 3]);
  });

  test('shows the lines of the window, with a few above and below', () => {
    expect(visibleRange({ top: 200, height: 900 }, 31, 10_000)).toEqual([0, 29]);
    expect(visibleRange({ top: -3100, height: 900 }, 31, 10_000)).toEqual([94, 136]);
    expect(visibleRange({ top: -3100, height: 900 }, 31, 3)).toEqual([3, 3]);
  });

  test('a row that is changed or removed is so in the mirror', () => {
    const mirror = new Mirror();
    mirror.replace([row(1, 0), row(2, 1)]);
    mirror.change([row(2, 1, { pid: 7 })], []);
    expect(mirror.byPid(7)?.row).toBe(2);
    mirror.change([], [2]);
    expect([mirror.childrenOf(1), mirror.size]).toEqual([[], 1]);
  });

  test('OBS-P16 a tree of the past has rows of its own', () => {
    const leaf = { id: 'leaf', pid: 4, startedAt: 10, children: [] };
    const rows = rowsOfPast([
      { id: 'app', pid: 1, children: [leaf, { id: 'down', children: [] }] },
    ]);
    expect(rows).toMatchObject([
      { row: 1, parent: 0, id: 'app', state: 'running' },
      { row: 2, parent: 1, id: 'leaf', pid: 4, startedAt: 10 },
      { row: 3, parent: 1, id: 'down', state: 'restarting' },
    ]);
  });
});

describe('rates', () => {
  const pidOf = () => 7;

  test('are made of two looks', () => {
    const rates = new Rates();
    rates.update(1000, [[1, 0, 3, 100, 20, null]], pidOf);
    expect(rates.get(1)).toMatchObject({ queue: 3, rate: undefined, busy: undefined });
    rates.update(1500, [[1, 0, 3, 150, 70, 900]], pidOf);
    expect(rates.get(1)).toMatchObject({ rate: 100, busy: 10, awaitingSince: 900 });
  });

  test('OBS-P20 there is none after a sleep, nor for another process in the same row', () => {
    const rates = new Rates();
    rates.update(1000, [[1, 0, 0, 100, 0, null]], pidOf);
    rates.update(41_000, [[1, 0, 0, 9000, 0, null]], pidOf);
    expect(rates.get(1)?.rate).toBeUndefined();
    rates.update(41_500, [[1, 0, 0, 2, 0, null]], () => 8);
    expect(rates.get(1)?.rate).toBeUndefined();
  });

  test('of the whole system begin with the second look, and skip a sleep', () => {
    const vitals = (at: number, events: number) =>
      ({ at, events, bytes: 0, handled: 0, cpu: 0 }) as Vitals;
    const first = withPoint([], undefined, vitals(0, 5));
    expect(first).toEqual([]);
    expect(withPoint(first, vitals(0, 5), vitals(500, 10))).toMatchObject([
      { at: 500, events: 10 },
    ]);
    expect(withPoint([], vitals(0, 5), vitals(60_000, 10))).toEqual([]);
  });
});

describe('the events a second of a stream', () => {
  const told = (pid: number, events: number) => ({ pid, events }) as Stream;

  test('are by the time between two looks, also where another reader makes one sooner', () => {
    const rates = new StreamRates();
    rates.update(1000, [told(7, 100)]);
    expect(rates.of(7)).toEqual([]);
    rates.update(1500, [told(7, 150)]);
    rates.update(1600, [told(7, 150)]);
    rates.update(1600, [told(7, 150)]);
    rates.update(2000, [told(7, 170)]);
    expect(rates.of(7)).toEqual([100, 0, 50]);
    expect(rates.of(8)).toEqual([]);
  });

  test('OBS-P20 there is none after a sleep, and nothing is kept of a stream that is not told', () => {
    const rates = new StreamRates();
    rates.update(1000, [told(7, 100)]);
    rates.update(41_000, [told(7, 9000)]);
    expect(rates.of(7)).toEqual([]);
    rates.update(41_500, [told(7, 9005)]);
    expect(rates.of(7)).toEqual([10]);
    rates.update(42_000, [told(8, 1)]);
    expect(rates.of(7)).toEqual([]);
  });

  test('are kept of sixty looks', () => {
    const rates = new StreamRates();
    for (let look = 0; look < 100; look++) {
      rates.update(look * 500, [told(7, look * look)]);
    }
    expect(rates.of(7)).toHaveLength(60);
    expect(rates.of(7).at(-1)).toBe((99 * 99 - 98 * 98) * 2);
  });
});

describe('the list of lanes', () => {
  const lane = (path: string): Lane => ({ path, phases: [], ignored: [] });
  const lanes = Array.from({ length: 20 }, (_, at) => lane(`app / prices / ${at}`));
  const options = {
    needsLook: ({ path }: Lane) => path.endsWith(' 7'),
    losses: ({ path }: Lane) => (path.endsWith(' 3') || path.endsWith(' 5') ? 1 : 0),
    isOpen: () => false,
    most: 200,
  };
  const shape = ({ groups, left }: LaneList): unknown => [
    ...groups.map(({ name, lanes: shown, folded, all }) => [
      name,
      shown.slice(0, 2).map(({ path }) => path.slice(path.lastIndexOf(' ') + 1)),
      shown.length,
      folded,
      all,
    ]),
    left,
  ];

  test('begins with those that need a look, then those that were interrupted, and folds the rest', () => {
    expect(shape(laneList([...lanes, lane('app / flags / web'), lane('alone')], options))).toEqual([
      ['Need a look', ['7'], 1, 0, 1],
      ['prices', ['3', '5'], 9, 10, 20],
      ['flags', ['web'], 1, 0, 1],
      ['alone', ['alone'], 1, 0, 1],
      0,
    ]);
  });

  test('has all lanes of a group that is open or small, as long as there is room', () => {
    const open = { ...options, isOpen: () => true };
    expect(shape(laneList(lanes, open))).toEqual([
      ['Need a look', ['7'], 1, 0, 1],
      ['prices', ['3', '5'], 19, 0, 20],
      0,
    ]);
    expect(shape(laneList(lanes, { ...open, most: 5 }))).toEqual([
      ['Need a look', ['7'], 1, 0, 1],
      ['prices', ['3', '5'], 4, 0, 20],
      15,
    ]);
    expect(shape(laneList([], options))).toEqual([0]);
  });
});

test('the quarters of an hour in a span have places, but for those that are near its ends', () => {
  const hour = 3_600_000;
  expect(quarters(hour, 2 * hour)).toEqual([
    [25, hour * 1.25],
    [50, hour * 1.5],
    [75, hour * 1.75],
  ]);
  expect(quarters(5, 5)).toEqual([]);
  expect(firstPlace(hour - 600_000, 2 * hour - 600_000)).toBeCloseTo(16.667, 2);
});

describe('a lane', () => {
  const lane = {
    path: 'app / prices',
    phases: [
      { type: 'connected', from: 0, to: 500, reason: 'closed by the server' },
      { type: 'waiting', from: 500, to: 600 },
      { type: 'connecting', from: 600, to: 610, reason: 'status 503' },
      { type: 'waiting', from: 610, to: 700 },
      { type: 'connecting', from: 700, to: 705 },
      { type: 'connected', from: 705 },
    ],
    ignored: [{ at: 710, text: 'asked for 4, got 9' }],
  } as const;

  test('OBS-P06 has a bar, a tick at the loss, threads, rings of attempts, and a bar again', () => {
    expect(marksOf(lane, 0, 1000).map(({ type }) => type)).toEqual([
      'connected',
      'loss',
      'thread',
      'thread',
      'attempt',
      'thread',
      'thread',
      'attempt',
      'connected',
      'ignored',
    ]);
    expect(marksOf(lane, 0, 1000)[1]).toEqual({
      type: 'loss',
      at: 50,
      title: 'closed by the server',
    });
    expect(lossesOf(lane)).toHaveLength(1);
  });

  test('shows of each phase the part that is in the hour', () => {
    expect(marksOf(lane, 400, 550)).toEqual([
      { type: 'connected', from: 0, to: 66.66666666666666, title: 'closed by the server' },
      { type: 'loss', at: 66.66666666666666, title: 'closed by the server' },
      { type: 'thread', from: 66.66666666666666, to: 100, title: '' },
    ]);
  });
});

test('the crashes of a group move through the hour, up to now', () => {
  const recent = { from: 120_000, part: 120_000, counts: [1, 0, 2] };
  expect(crashBars(recent, 100_000)).toEqual([1, 0, 2]);
  expect(crashBars(recent, 479_999)).toEqual([1, 0, 2]);
  expect(crashBars(recent, 480_000)).toEqual([0, 2, 0]);
  expect(crashBars(recent, 600_000)).toEqual([2, 0, 0]);
  expect(crashBars(recent, 1e9)).toEqual([0, 0, 0]);
});

describe('lives', () => {
  const livesOf = (...reasons: readonly string[]): readonly EndedLife[] =>
    reasons.map((reason, at) => ({
      path: 'app / a',
      pid: at,
      startedAt: at * 1000,
      endedAt: at * 1000 + 10 * (at + 1),
      handled: at,
      reason,
    }));
  const shown = (...reasons: readonly string[]) =>
    lifeLines(livesOf(...reasons)).map((line) => (line.type === 'life' ? line.life.pid : line));

  test('of more than 6 in a row with one reason the first and the last are shown', () => {
    expect(shown('x', ...Array.from({ length: 7 }, () => 'refused'), 'x')).toEqual([
      0,
      1,
      { type: 'more', count: 5, each: 50, handled: 20, reason: 'refused' },
      7,
      8,
    ]);
  });

  test('of fewer all are, in their order', () => {
    expect(shown(...Array.from({ length: 6 }, () => 'x'), 'y')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(shown('x', 'y', 'x')).toEqual([0, 1, 2]);
    expect(shown()).toEqual([]);
  });
});

test('a mailbox is named that has nine of ten waiting messages, where there are many', () => {
  const queue = (messages: number) => ({ path: 'app / queue', pid: 7, messages, growsSince: 0 });
  expect(nearlyAllIn({ messages: 1000, longest: queue(900) })).toBe('app / queue');
  expect(nearlyAllIn({ messages: 1000, longest: queue(899) })).toBeUndefined();
  expect(nearlyAllIn({ messages: 99, longest: queue(99) })).toBeUndefined();
  expect(nearlyAllIn({ messages: 0 })).toBeUndefined();
});
