import { describe, expect, test } from '@jest/globals';
import {
  crash,
  createSystem,
  ExitError,
  type ExitReason,
  formatReason,
  isAbnormal,
  kill,
  killed,
  noconnection,
  noproc,
  normal,
  shutdown,
  shutdownWith,
  spawn,
  TimeoutError,
} from '@reprise/actor';
import fc from 'fast-check';

import { ExitRequest, reasonOf } from '../../src/process/exit-error.ts';
import {
  alreadyStarted,
  assertExitReason,
  badReturnValue,
  callCycle,
  callingSelf,
  failedToStartChild,
  functionClause,
  isExitReason,
  mailboxOverflow,
  nocatch,
  timeout,
  undef,
} from '../../src/process/exit-reason.ts';
import { forever } from '../support/processes.ts';

const system = createSystem();
const { pid } = system;
const labelled = spawn(system, () => forever(), { label: { room: 7 } });
const circular: Record<string, unknown> = {};
circular['itself'] = circular;

type Row = [text: string, reason: ExitReason];

const expected: Row[] = [
  ['normal', normal],
  ['shutdown', shutdown],
  ['shutdown: "upgrade"', shutdownWith('upgrade')],
  ['shutdown: the mailbox is full, at 5 messages', shutdownWith(mailboxOverflow(5))],
];

const abnormal: Row[] = [
  ['kill', kill],
  ['killed', killed],
  ['no such process', noproc],
  ['noconnection', noconnection],
  ['timeout', timeout],
  ['TypeError: boom', crash(new TypeError('boom'))],
  ['"boom"', crash('boom')],
  ['undefined', crash(undefined)],
  ['null', crash(null)],
  ['{"code":7}', crash({ code: 7 })],
  ['no such process', crash(noproc)],
  ['thrown and not caught: "boom"', nocatch('boom')],
  ['thrown and not caught: {"type":"normal"}', nocatch(normal)],
  [`Expected a callback's answer such as noreply(state), got 42`, badReturnValue(42)],
  ['handleCall has no clause for "pop"', functionClause('handleCall', 'pop')],
  ['the behaviour has no handleCast', undef('handleCast')],
  ['a process called itself and would wait for ever', callingSelf],
  ['processes wait for each other: a → b → a', callCycle(['a', 'b', 'a'])],
  ['the mailbox is full, at 100 messages', mailboxOverflow(100)],
  ['already started as #Pid<1>', alreadyStarted(pid)],
  ['already started as #Pid<2> {"room":7}', alreadyStarted(labelled)],
  [
    'child "db" failed to start: Error: refused',
    failedToStartChild('db', crash(new Error('refused'))),
  ],
  [
    'child "a" failed to start: child "b" failed to start: timeout',
    failedToStartChild('a', shutdownWith(failedToStartChild('b', timeout))),
  ],
];

describe('isAbnormal', () => {
  test.each(expected)('%s may happen', (_, reason) => {
    expect(isAbnormal(reason)).toBe(false);
  });

  test.each(abnormal)('%s is a fault', (_, reason) => {
    expect(isAbnormal(reason)).toBe(true);
  });
});

describe('formatReason', () => {
  test.each([...expected, ...abnormal])('its text is: %s', (text, reason) => {
    expect(formatReason(reason)).toBe(text);
  });

  const odd: [string, unknown][] = [
    ['1n', 1n],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['Symbol(s)', Symbol('s')],
    ['function odd', function odd() {}],
    ['function (anonymous)', () => undefined],
    ['{"itself":"[circular]"}', circular],
    ['true', true],
  ];

  test.each(odd)('a value that JSON has no text for is shown as %s', (text, value) => {
    expect(formatReason(crash(value))).toBe(text);
  });

  test('a long value is cut short', () => {
    const text = formatReason(crash('x'.repeat(10_000)));
    expect(text).toMatch(/^"x{100,}…$/);
    expect(text.length).toBeLessThan(150);
  });

  /** All reasons with a value of the user's in them. */
  const reasonsWith = (value: unknown): ExitReason[] => [
    crash(value),
    nocatch(value),
    badReturnValue(value),
    shutdownWith(value),
  ];

  test('it is one line and never throws, for any value', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        for (const reason of reasonsWith(value)) {
          expect(formatReason(reason)).not.toBe('');
          expect(formatReason(reason)).not.toContain('\n');
        }
      }),
    );
  });

  const resists = (): never => {
    throw new Error('resists');
  };
  const resisting: [string, unknown][] = [
    ['an error that has no text', Object.assign(new Error('boom'), { toString: resists })],
    ['an object that has none', Object.create(null, { toJSON: { value: () => undefined } })],
    ['an object that throws', { toJSON: resists, toString: resists }],
    ['an error of more than one line', new Error('first\nsecond')],
  ];

  test.each(resisting)('it is one line and does not throw for %s', (_, value) => {
    for (const reason of reasonsWith(value)) {
      expect(formatReason(reason)).not.toContain('\n');
    }
  });
});

describe('isExitReason', () => {
  test.each([...expected, ...abnormal])('%s is one', (_, reason) => {
    expect(isExitReason(reason)).toBe(true);
    expect(() => {
      assertExitReason(reason);
    }).not.toThrow();
  });

  test.each([[undefined], [null], ['normal'], [{}], [{ type: 'boom' }], [new Error('boom')]])(
    '%p is no exit reason',
    (value) => {
      expect(isExitReason(value)).toBe(false);
      expect(() => {
        assertExitReason(value);
      }).toThrow(/^Expected an exit reason such as normal, shutdown or crash\(error\), got /);
    },
  );
});

describe('ExitError', () => {
  test('it names the process and the reason', () => {
    const error = new ExitError(noproc, 'call "pop" to stack');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('ExitError');
    expect(error.message).toBe('call "pop" to stack: no such process');
    expect(error.reason).toBe(noproc);
    expect(new ExitError(killed).message).toBe('process exited: killed');
  });

  test('the error that ended the process is its cause', () => {
    const cause = new Error('boom');
    expect(new ExitError(crash(cause)).cause).toBe(cause);
    expect('cause' in new ExitError(normal)).toBe(false);
  });

  test('a timeout is another error', () => {
    const error = new TimeoutError('call was not answered in time');
    expect(error.name).toBe('TimeoutError');
    expect(error.message).toBe('call was not answered in time');
    expect(error).not.toBeInstanceOf(ExitError);
  });
});

describe('the reason for a thrown value', () => {
  const error = new TypeError('boom');

  test('is crash for an error, nocatch for another value', () => {
    expect(reasonOf(error)).toStrictEqual(crash(error));
    expect(reasonOf('boom')).toStrictEqual(nocatch('boom'));
    expect(reasonOf(undefined)).toStrictEqual(nocatch(undefined));
  });

  test('is exactly the one given to exit(self, reason)', () => {
    const reason = crash('boom');
    expect(reasonOf(new ExitRequest(reason))).toBe(reason);
  });

  test('is crash for an ExitError of another process that was not caught', () => {
    const failed = new ExitError(noproc);
    expect(reasonOf(failed)).toStrictEqual(crash(failed));
  });
});
