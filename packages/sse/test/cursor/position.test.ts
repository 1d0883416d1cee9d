import { describe, expect, test } from '@jest/globals';

import { formatPosition, parsePosition, type Position } from '../../src/cursor/position.ts';

const failed = { event: 'f', attempts: 2 };

describe('the text of a position', () => {
  test.each<[string, Partial<Position>, string]>([
    ['an id alone', { lastEventId: '42' }, '"42"'],
    ['an id that was taken back', { lastEventId: '' }, '""'],
    ['an id with a quote and a NUL', { lastEventId: '"\0' }, String.raw`"\"\u0000"`],
    ['ids', { lastEventId: '2', recent: ['1', '2'] }, '{"lastEventId":"2","recent":["1","2"]}'],
    ['a failed event before the first', { failed }, '{"failed":{"event":"f","attempts":2}}'],
    ['a mark', { lastEventId: '1', mark: 0 }, '{"lastEventId":"1","mark":0}'],
    [
      'a position that is no id',
      { lastEventId: '', cursor: 'c', since: [] },
      '{"lastEventId":"","cursor":"c"}',
    ],
    [
      'one with the events since',
      { lastEventId: '', cursor: 'c', since: ['a', 'b'] },
      '{"lastEventId":"","cursor":"c","since":["a","b"]}',
    ],
  ])('is as short as its content, and is read back: %s', (_what, given, text) => {
    const position: Position = { lastEventId: undefined, recent: [], ...given };
    expect(formatPosition(position)).toBe(text);
    const { since, ...others } = position;
    expect(parsePosition('k', text)).toEqual({ ...others, ...(since?.length ? { since } : {}) });
  });

  test('of any release before is read', () => {
    const text = JSON.stringify({
      lastEventId: '2',
      recent: ['1', '2'],
      mark: 7,
      failed,
      cursor: 'c',
      since: ['a'],
    });
    expect(parsePosition('k', text)).toEqual(JSON.parse(text));
    expect(parsePosition('k', '{"lastEventId":"","recent":[]}')).toEqual({
      lastEventId: '',
      recent: [],
    });
  });

  test.each(['', 'x', '7', 'null', '[]', '{}', '{"a":1}', '{"lastEventId":1}', '{"recent":[1]}'])(
    'that is none is refused: %j',
    (text) => {
      expect(() => parsePosition('k', text)).toThrow(/^Expected a cursor under k, got "/);
    },
  );
});
