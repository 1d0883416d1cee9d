import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ServerSentEvent } from '../../src/format/event.ts';

const { create, isEmpty, lines, mimeType, parse, parseAll, serialize } = ServerSentEvent;

test('the MIME type is text/event-stream', () => {
  expect(mimeType).toBe('text/event-stream');
});

describe('create()', () => {
  test('gives each omitted field its default', () => {
    expect(create('hello')).toEqual({ type: 'message', data: 'hello', id: null, lastEventId: '' });
  });

  test('takes the data as a text or as lines', () => {
    const fields = { type: 'greeting', id: '1', retry: 500, comments: ['c'] };
    expect(create(['Hi,', 'there'], fields)).toEqual(create('Hi,\nthere', fields));
    expect(create(['Hi,', 'there'], fields)).toEqual({
      ...fields,
      data: 'Hi,\nthere',
      lastEventId: '1',
    });
  });

  test('ends lines as they will be on the way', () => {
    expect(create('a\r\nb\rc').data).toBe('a\nb\nc');
  });

  test.each([
    [{ type: 'a\nb' }, new TypeError('Expected a type of one line, got "a\\nb"')],
    [{ type: 'a\rb' }, new TypeError('Expected a type of one line, got "a\\rb"')],
    [{ id: 'a\nb' }, new TypeError('Expected an id of one line without U+0000, got "a\\nb"')],
    [{ id: 'a\0' }, new TypeError('Expected an id of one line without U+0000, got "a\\u0000"')],
    [
      { retry: -1 },
      new RangeError('Expected a retry of a whole number of milliseconds from 0 on, got -1'),
    ],
    [
      { retry: 1.5 },
      new RangeError('Expected a retry of a whole number of milliseconds from 0 on, got 1.5'),
    ],
  ])('refuses %p', (fields, error) => {
    expect(() => create('x', fields)).toThrow(error);
  });
});

describe('isEmpty() and lines()', () => {
  test('an event without a line is empty, one with an empty line is not', () => {
    expect([create([]), create(''), create([''])].map(isEmpty)).toEqual([true, false, false]);
  });

  test('lines are those of the data', () => {
    expect([create([]), create(''), create('a\n\nb')].map(lines)).toEqual([
      [],
      [''],
      ['a', '', 'b'],
    ]);
  });
});

describe('serialize()', () => {
  test.each([
    [create('hi'), 'data: hi\n\n'],
    [create('', { id: '' }), 'data: \nid: \n\n'],
    [
      create(['Hi,', 'there'], { type: 'greeting', comments: ['comment'], id: '9', retry: 10_000 }),
      'event: greeting\n: comment\ndata: Hi,\ndata: there\nid: 9\nretry: 10000\n\n',
    ],
    [create([], { comments: ['ping'] }), ': ping\n\n'],
    [create('x', { comments: ['a\ndata: b'] }), ': a\n: data: b\ndata: x\n\n'],
  ])('%p', (event, text) => {
    expect(serialize(event)).toBe(text);
  });

  test('writes data of a manually built event as several data lines, at any line end', () => {
    expect(serialize({ ...create(''), data: 'a\r\nb\rc\nd' })).toBe(
      'data: a\ndata: b\ndata: c\ndata: d\n\n',
    );
  });

  test('refuses a manually built event that would write other fields', () => {
    expect(() => serialize({ ...create('x'), id: '1\nretry: 0' })).toThrow(TypeError);
    expect(() => serialize({ ...create('x'), type: 'x\ndata: y' })).toThrow(TypeError);
  });
});

describe('parse()', () => {
  test('takes the first event and leaves the rest', () => {
    expect(parse('data: This is the first\ndata: message\n\nrest')).toEqual({
      type: 'event',
      event: create('This is the first\nmessage'),
      rest: 'rest',
    });
  });

  test.each([
    ['data:no space\n\n', create('no space')],
    ["data: more :'s in it\n\n", create("more :'s in it")],
    ['event: custom\r\ndata: x\r\n\r\n', create('x', { type: 'custom' })],
    ['id: 100\rdata: x\r\r', create('x', { id: '100' })],
    ['retry: 5000\ndata: x\n\n', create('x', { retry: 5000 })],
    ['retry: 99999999999999999999\n\n', create([], { retry: Number.MAX_SAFE_INTEGER })],
    [': one\n: two\n\n', create([], { comments: ['one', 'two'] })],
    ['event: kind\nid: 3\n\n', create([], { type: 'kind', id: '3' })],
    ['data\n\n', create('')],
    ['data\ndata:\n\n', create('\n')],
    ['no colon\nunknown: field\ndata: x\n\n', create('x')],
    ['\n\r\ndata: after blank lines\n\n', create('after blank lines')],
    ['\uFEFFdata: not a field\n\n', create([])],
    ['event: a\nevent:\ndata: x\n\n', create('x')],
  ])('%j', (text, event) => {
    expect(parse(text)).toEqual({ type: 'event', event, rest: '' });
  });

  test.each(['', 'data: half', 'data: half\n', 'data: half\r\n', 'id: 1\rdata: half\r'])(
    '%j is not complete',
    (text) => {
      expect(parse(text)).toEqual({ type: 'incomplete', rest: text });
    },
  );

  test('blank lines alone are no event', () => {
    expect(parse('\n\r\n')).toEqual({ type: 'incomplete', rest: '' });
  });

  test('goes on from the id of the events before', () => {
    const parsed = parse('data: x\n\n', '7');
    expect(parsed).toMatchObject({ event: { id: null, lastEventId: '7' } });
  });
});

describe('parseAll()', () => {
  test('takes every complete event, ids going from one to the next', () => {
    expect(parseAll('id: 1\ndata: a\n\n: note\n\ndata: b\n\nid: 2\ndata: c')).toEqual({
      events: [
        create('a', { id: '1' }),
        { ...create([], { comments: ['note'] }), lastEventId: '1' },
        { ...create('b'), lastEventId: '1' },
      ],
      rest: 'id: 2\ndata: c',
    });
  });

  test('a text cut anywhere gives the same events if the rest is put in front of the next piece', () => {
    const text = ': c\r\ndata: a\r\n\r\nid: 5\rdata: b\r\revent: k\ndata: c\n\nretry: 1\n\n';
    const whole = parseAll(text);
    for (let at = 0; at <= text.length; at++) {
      const first = parseAll(text.slice(0, at));
      const lastEventId = first.events.at(-1)?.lastEventId;
      const second = parseAll(first.rest + text.slice(at), lastEventId);
      expect([...first.events, ...second.events]).toEqual(whole.events);
    }
  });

  test('a serialized event is parsed back', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\r\n\0]/g, ''));
    const event = fc
      .tuple(
        fc.array(line, { maxLength: 4 }),
        fc.record(
          { type: line, id: line, retry: fc.nat(), comments: fc.array(line, { maxLength: 3 }) },
          { requiredKeys: [] },
        ),
      )
      .map(([data, fields]) => create(data, fields))
      // A blank line alone is not a block.
      .filter((made) => serialize(made) !== '\n');
    fc.assert(
      fc.property(event, (made) => {
        expect(parse(serialize(made))).toEqual({ type: 'event', event: made, rest: '' });
      }),
    );
  });
});
