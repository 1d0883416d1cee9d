import { describe, expect, test } from '@jest/globals';

import { judge, type JudgeOptions, type Look, observer, type StreamLook } from '../../src/index.ts';
import { durationText } from '../../src/judge/duration.ts';

const now = 10_000_000;
const minute = 60_000;

/** A look at a system that is well, but for what a test gives. */
const lookWith = (given: Partial<Look>): Look => ({
  at: now,
  isRunning: true,
  since: 0,
  processes: 3,
  messages: 0,
  longest: undefined,
  restarts: [],
  lost: [],
  awaiting: [],
  mailboxes: [],
  streams: [],
  ignored: [],
  dropped: [],
  slow: [],
  slowest: [],
  hasMore: false,
  ...given,
});

const stream = (given: Partial<StreamLook>): StreamLook => ({
  path: 'app / prices',
  pid: 7,
  state: 'connected',
  since: 0,
  lostAt: undefined,
  failure: undefined,
  attempt: 0,
  nextAttemptAt: undefined,
  heardAt: now - 100,
  idleTimeout: 300_000,
  usualGap: 200,
  inHandSince: undefined,
  unhandled: 0,
  lastEventId: '',
  kept: undefined,
  unwritten: 0,
  events: 50_000,
  bytes: 1,
  reconnects: 0,
  lag: undefined,
  ...given,
});

const child = (count: number, lastAt: number, given = {}): Look['restarts'][number] => ({
  path: 'app / geocoder',
  count,
  firstAt: now - 9 * minute,
  lastAt,
  reason: 'Error: refused',
  isRunning: false,
  nextStartAt: undefined,
  supervisor: { path: 'app', counting: 0, maxRestarts: 3, maxSeconds: 5 },
  waiting: [],
  ...given,
});

const stuck = (since: number, messages: number): Look['awaiting'][number] => ({
  path: 'app / queue',
  pid: 9,
  callback: 'handleInfo',
  since,
  messages,
});

const found = (given: Partial<Look>, options?: JudgeOptions): readonly string[] =>
  judge(lookWith(given), options).findings.map(
    ({ level, type, path }) => `${level} ${type} ${path}`,
  );

const restarts = (...args: Parameters<typeof child>): Partial<Look> => ({
  restarts: [child(...args)],
});
const streams = (given: Partial<StreamLook>): Partial<Look> => ({ streams: [stream(given)] });
const mailbox = (messages: number, growsSince: number): Partial<Look> => ({
  mailboxes: [{ path: 'app / queue', pid: 9, messages, growsSince }],
});
const intense = (counting: number): Partial<Look> =>
  restarts(1, now, { supervisor: { path: 'app', counting, maxRestarts: 4, maxSeconds: 5 } });
const moment = (path: string, at: number): Look['lost'][number] => ({ path, at, text: 'Error: x' });

test.each([
  [9960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [61_000, '1 min 1 s'],
  [3_599_600, '1 h'],
  [86_399_700, '1 d'],
])('a duration of %d ms is %j', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

describe('judge', () => {
  test.each<[rule: string, given: Partial<Look>, expected: readonly string[]]>([
    ['nothing', {}, []],
    ['5 restarts are a crash loop', restarts(5, now), ['critical crashLoop app / geocoder']],
    [
      'of a loop, the child for which its supervisors give up',
      {
        restarts: ['app / sub', 'app / sub / a', 'app / subs'].map((path) =>
          child(5, now, { path }),
        ),
      },
      ['critical crashLoop app / sub / a', 'critical crashLoop app / subs'],
    ],
    ['4 are none', restarts(4, now), []],
    ['nor are 5, if it has run for 2 min', restarts(5, now - 2 * minute - 1), []],
    ['half of the restarts that are allowed', intense(2), ['warning intensity app']],
    ['fewer than half', intense(1), []],
    ['a lost child', { lost: [moment('app / a', now - 59 * minute)] }, ['critical gaveUp app / a']],
    ['a child that was lost long ago', { lost: [moment('app / a', now - 61 * minute)] }, []],
    [
      'of a lost branch the supervisor alone',
      { lost: [moment('app / a / b', now), moment('app / a', now), moment('app / ab', now)] },
      ['critical gaveUp app / a', 'critical gaveUp app / ab'],
    ],
    ['a callback of 60 s', { awaiting: [stuck(now - minute, 1)] }, ['critical stuck app / queue']],
    ['of 10 s', { awaiting: [stuck(now - 10_000, 1)] }, ['warning stuck app / queue']],
    ['of less', { awaiting: [stuck(now - 9999, 1)] }, []],
    ['with nothing behind it', { awaiting: [stuck(now - minute, 0)] }, []],
    ['a handler of 60 s', streams({ inHandSince: now - minute }), ['critical stuck app / prices']],
    ['of 10 s', streams({ inHandSince: now - 10_000 }), ['warning stuck app / prices']],
    ['of less', streams({ inHandSince: now - 9999 }), []],
    [
      'a stream without a connection for 5 min',
      streams({ state: 'disconnected', lostAt: now - 5 * minute, attempt: 1 }),
      ['critical notConnected app / prices'],
    ],
    [
      'after two failed attempts',
      streams({ state: 'disconnected', lostAt: now - minute, attempt: 2 }),
      ['warning notConnected app / prices'],
    ],
    [
      'during the second attempt',
      streams({ state: 'connecting', lostAt: now - minute, attempt: 2 }),
      [],
    ],
    [
      'a silence of more than half of idleTimeout',
      streams({ heardAt: now - 151_000 }),
      ['warning silent app / prices'],
    ],
    ['of half of it', streams({ heardAt: now - 150_000 }), []],
    [
      'of 30 s, without a limit',
      streams({ heardAt: now - 30_000, idleTimeout: Infinity }),
      ['warning silent app / prices'],
    ],
    ['of less', streams({ heardAt: now - 29_999, idleTimeout: 10_000 }), []],
    ['that is usual', streams({ heardAt: now - 151_000, usualGap: 10_000 }), []],
    ['of a client whose handler is busy', streams({ heardAt: 0, inHandSince: now }), []],
    ['of one that is not connected', streams({ heardAt: 0, state: 'connecting' }), []],
    [
      'a mailbox that grows for a minute',
      mailbox(10_000, now - minute),
      ['critical flooded app / queue'],
    ],
    ['for less', mailbox(10_000, now - minute + 1), []],
    ['with fewer messages', mailbox(9999, 0), []],
    ['dropped messages', { dropped: [moment('app / a', now)] }, ['warning dropped app / a']],
    ['6 min ago', { dropped: [moment('app / a', now - 6 * minute)] }, []],
    [
      'each of two that have dropped',
      { dropped: [moment('app / a', now - minute), moment('app / b', now)] },
      ['warning dropped app / a', 'warning dropped app / b'],
    ],
    [
      'each of two that were slow',
      { slow: [moment('app / a', now - minute), moment('app / b', now)] },
      ['warning blocked app / a', 'warning blocked app / b'],
    ],
    ['a slow callback', { slow: [moment('app / a', now)] }, ['warning blocked app / a']],
    ['6 min ago', { slow: [moment('app / a', now - 6 * minute)] }, []],
    ['an ignored cursor', { ignored: [moment('app / a', now)] }, ['warning lossPossible app / a']],
    ['61 min ago', { ignored: [moment('app / a', now - 61 * minute)] }, []],
  ])('finds what is not well: %s', (_rule, given, expected) => {
    expect(found(given)).toStrictEqual(expected);
  });

  test('says it in a sentence, with the findings that need a person first', () => {
    const nobody = judge(lookWith({}));
    expect([nobody.isWell, nobody.text]).toStrictEqual([true, 'All is well.']);
    const one = judge(lookWith({ ...mailbox(10_000, 0), ...streams({ heardAt: now - 200_000 }) }));
    expect([one.isWell, one.text]).toStrictEqual([false, 'One process needs you.']);
    expect(one.findings.map(({ level }) => level)).toStrictEqual(['critical', 'warning']);
    const two = judge(lookWith({ ...mailbox(10_000, 0), ...restarts(9, now) }));
    expect(two.text).toBe('2 processes need you.');
    expect(judge(lookWith(streams({ heardAt: now - 200_000 }))).isWell).toBe(true);
    const cut = (count: number) => {
      const lost = Array.from({ length: count }, (_, n) => moment(`app / ${n}`, now));
      return judge(lookWith({ lost, hasMore: true })).text;
    };
    expect([cut(99), cut(100)]).toStrictEqual([
      '99 processes need you.',
      'At least 100 processes need you.',
    ]);
  });

  test('makes one of findings with one cause: who waits, and the supervisor', () => {
    const look = lookWith({
      restarts: [
        child(27, now - 2000, {
          nextStartAt: now + 6000,
          waiting: [{ path: 'app / queue', pid: 9, messages: 4118 }],
          supervisor: { path: 'app', counting: 3, maxRestarts: 3, maxSeconds: 5 },
        }),
      ],
      awaiting: [stuck(0, 4118)],
    });
    expect(judge(look).findings).toStrictEqual([
      {
        id: 'crashLoop: app / geocoder',
        type: 'crashLoop',
        level: 'critical',
        path: 'app / geocoder',
        title: 'app / geocoder keeps crashing: 27 times in 8 min 58 s',
        detail:
          'Error: refused. app starts it again in 6 s. app / queue, which watches it, has 4118 messages waiting.',
        since: now - 9 * minute,
      },
    ]);
  });

  test('says of a stream how long, why, and what comes next', () => {
    const lostAt = now - 170_000;
    const [waits] = judge(
      lookWith(
        streams({
          state: 'disconnected',
          lostAt,
          attempt: 3,
          failure: 'status 503',
          nextAttemptAt: now + 12_000,
        }),
      ),
    ).findings;
    expect([waits?.title, waits?.detail, waits?.since]).toStrictEqual([
      'app / prices is not connected for 2 min 50 s',
      '3 attempts have failed: status 503. Attempt 4 is in 12 s.',
      lostAt,
    ]);
    const [quiet] = judge(lookWith(streams({ heardAt: now - 221_000 }))).findings;
    expect([quiet?.title, quiet?.detail]).toStrictEqual([
      'app / prices is silent: nothing for 3 min 41 s',
      'Connected, and before that an event every 0.2 s. It hangs up in 1 min 19 s.',
    ]);
  });

  test('takes its limits from options, which are checked', () => {
    expect(found(restarts(2, now), { crashLoop: 2 })).toHaveLength(1);
    expect(found({ awaiting: [stuck(now - minute, 1)] }, { stuck: 600_000 })).toStrictEqual([]);
    expect(found(mailbox(2000, 0), { flooded: 2000 })).toHaveLength(1);
    expect(found(streams({ heardAt: now - 200_000 }), { silent: 300_000 })).toStrictEqual([]);
    const lost = streams({ state: 'disconnected', lostAt: now - 1000, attempt: 0 });
    expect(found(lost, { notConnected: 1000 })).toHaveLength(1);
    const unset = { stuck: undefined } as unknown as JudgeOptions;
    expect(found({ awaiting: [stuck(now - minute, 1)] }, unset)).toHaveLength(1);
    expect(() => judge(lookWith({}), { stuk: 1 } as never)).toThrow(
      'Expected an option of judge, got `stuk`: did you mean `stuck`?',
    );
    expect(() => judge(lookWith({}), { silent: 0 })).toThrow(
      new RangeError('Expected silent to be a number above 0, got 0'),
    );
    expect(() => judge(lookWith({}), [] as never)).toThrow(
      /^Expected the options of judge, .* got an array$/,
    );
  });

  test.each<[options: JudgeOptions, expected: string]>([
    [{ flooded: 999 }, 'Expected flooded to be a number from 1000 on, got 999'],
    [{ stuck: 999 }, 'Expected stuck to be a number from 1000 on, got 999'],
    [
      { crashLoop: 101 },
      'Expected crashLoop to be a number above 0 up to 100, or Infinity, got 101',
    ],
  ])('refuses a limit beyond what a look has: %j', (options, expected) => {
    expect(() => judge(lookWith({}), options)).toThrow(new RangeError(expected));
    expect(() => observer({ judge: options })).toThrow(new RangeError(expected));
  });

  test('finds nothing with limits of Infinity', () => {
    const given = { ...restarts(100, now), awaiting: [stuck(0, 1)], ...mailbox(1_000_000, 0) };
    const never = { crashLoop: Infinity, stuck: Infinity, flooded: Infinity };
    expect([found(given).length, found(given, never)]).toStrictEqual([3, []]);
  });

  test.each([undefined, null, {}, { at: 5 }, 'a look'])('refuses %j, which is no look', (odd) => {
    expect(() => judge(odd as never)).toThrow(
      /^Expected a look, which look\(system\) returns, got /,
    );
  });

  test('does not call a system well that has ended', () => {
    const { isWell, text } = judge(lookWith({ isRunning: false }));
    expect([isWell, text]).toStrictEqual([false, 'The system has ended.']);
  });
});
