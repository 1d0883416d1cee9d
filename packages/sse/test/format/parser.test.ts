import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ServerSentEvent } from '../../src/format/event.ts';
import { createPacketState, handlePacket, type PacketOptions } from '../../src/format/parser.ts';
import { meaningOf } from '../support/oracle.ts';
import { anyCuts, anyStream, byteByByte, cut } from '../support/streams.ts';

interface Case {
  readonly id: string;
  readonly chunks: readonly string[];
  readonly expect: readonly (Omit<ServerSentEvent, 'retry'> & {
    readonly retry?: number | string;
  })[];
  readonly comments: readonly string[];
  readonly retries: readonly (number | string)[];
  readonly lastEventId: string;
}

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'conformance', 'sse-parsing.json'), 'utf8'),
) as readonly Case[];

/** The cases have values above 2^53 - 1 as text; the parser limits them to that. */
function exact(retry: number | string): number {
  return Math.min(Number(retry), Number.MAX_SAFE_INTEGER);
}

function read(packets: readonly Uint8Array[], options: PacketOptions = {}) {
  const state = createPacketState({ ...options, comments: true });
  const retries: number[] = [];
  const items: (ServerSentEvent | string)[] = [];
  for (const packet of packets) {
    items.push(...handlePacket(packet, state));
    if (state.retry !== undefined && state.retry !== retries.at(-1)) {
      retries.push(state.retry);
    }
  }
  return {
    events: items.filter((item) => typeof item !== 'string'),
    comments: items.filter((item) => typeof item === 'string'),
    retries,
    state,
  };
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

describe('finish', () => {
  const finished = (text: string | Uint8Array): unknown => {
    const state = createPacketState();
    handlePacket(typeof text === 'string' ? bytes(text) : text, state);
    return [state.finish().map(({ data }) => data), state.lastEventId];
  };

  test.each([
    ['data: a', ['a'], ''],
    ['data: a\n', ['a'], ''],
    ['data: a\r', ['a'], ''],
    ['id: 1\ndata: a\ndata: b', ['a\nb'], '1'],
    ['data: a\n\n', [], ''],
    ['data: a\n\nid: 2', [], '2'],
    ['data: a\n\nda', [], ''],
    [': comment', [], ''],
    ['', [], ''],
  ])('completes an event that lacks its blank line, and nothing else: %j', (text, data, id) => {
    expect(finished(text)).toEqual([data, id]);
  });

  test('leaves out a character that is cut off', () => {
    expect(finished(bytes('data: a€').subarray(0, -1))).toEqual([['a'], '']);
  });
});

describe('conformance', () => {
  const ways = {
    'as cut': (chunks: readonly Uint8Array[]) => chunks,
    'in one piece': (chunks: readonly Uint8Array[]) => [Buffer.concat(chunks)],
    'byte by byte': (chunks: readonly Uint8Array[]) => byteByByte(Buffer.concat(chunks)),
  };

  test('all 100 cases are here', () => {
    expect(cases).toHaveLength(100);
  });

  test.each(
    cases.flatMap((one) =>
      Object.entries(ways).map(([way, arrange]) => ({ ...one, way, arrange })),
    ),
  )('$id, $way', ({ chunks, arrange, expect: expected, comments, retries, lastEventId }) => {
    const got = read(arrange(chunks.map((chunk) => Buffer.from(chunk, 'base64'))));
    expect(got.events).toEqual(
      expected.map((event) =>
        event.retry === undefined ? event : { ...event, retry: exact(event.retry) },
      ),
    );
    expect(got.comments).toEqual(comments);
    expect(got.state.lastEventId).toBe(lastEventId);
    expect(got.state.retry).toBe(retries.map(exact).at(-1));
    expect(got.state.tooLarge).toBeUndefined();
  });

  test.each(cases)('$id, each retry in order', ({ chunks, retries }) => {
    const whole = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64')));
    expect(read(byteByByte(whole)).retries).toEqual(retries.map(exact));
  });
});

describe('properties', () => {
  test('any cut of any byte stream gives the events that the standard gives for the whole', () => {
    fc.assert(
      fc.property(anyStream, anyCuts, (stream, cuts) => {
        const { events, comments, state } = read(cut(stream, cuts));
        const meaning = meaningOf(stream);
        expect({ events, comments }).toEqual({
          events: meaning.events,
          comments: meaning.comments,
        });
        expect(state.lastEventId).toBe(meaning.lastEventId);
        expect(state.retry).toBe(meaning.retries.at(-1));
      }),
      { numRuns: 3000 },
    );
  });

  test('comments are strings among the events, in the order of the stream, and only where they are wanted', () => {
    const stream = bytes(': one\n\ndata: a\n: two\n\n: three\ndata: b\n\n');
    expect(handlePacket(stream, createPacketState({ comments: true }))).toEqual([
      'one',
      'two',
      { type: 'message', data: 'a', id: null, lastEventId: '' },
      'three',
      { type: 'message', data: 'b', id: null, lastEventId: '' },
    ]);
    expect(handlePacket(stream, createPacketState()).map(({ data }) => data)).toEqual(['a', 'b']);
  });

  test('a serialized event is parsed back, for any cut', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\r\n\0]/g, ''));
    const event = fc.record(
      {
        data: fc.array(line, { minLength: 1, maxLength: 4 }),
        type: line,
        id: line,
        retry: fc.nat(),
      },
      { requiredKeys: ['data'] },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), anyCuts, (list, cuts) => {
        let lastEventId = '';
        const sent = list.map(({ data, ...fields }) => {
          const made = ServerSentEvent.create(data.join('\n'), fields);
          lastEventId = made.id ?? lastEventId;
          return { ...made, lastEventId };
        });
        const stream = bytes(sent.map((made) => ServerSentEvent.serialize(made)).join(''));
        expect(read(cut(stream, cuts)).events).toEqual(sent);
      }),
    );
  });

  test('the decoder gives the text of a streaming TextDecoder that keeps the byte order mark', () => {
    const near = fc.constantFrom(
      0x0a,
      0x41,
      0x80,
      0x8f,
      0x90,
      0xa0,
      0xbb,
      0xbf,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
    );
    fc.assert(
      fc.property(fc.array(near, { maxLength: 20 }), anyCuts, (list, cuts) => {
        const stream = Uint8Array.from(list);
        const decoder = new StringDecoder('utf8');
        const text = cut(stream, cuts).map((packet) => decoder.write(packet));
        expect(text.join('') + decoder.end()).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(stream),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe('handlePacket', () => {
  test('starts from the id of an earlier connection', () => {
    const state = createPacketState({ lastEventId: 'before' });
    const [first, second] = handlePacket(bytes('data: a\n\nid: now\ndata: b\n\n'), state);
    expect(first).toEqual({ type: 'message', data: 'a', id: null, lastEventId: 'before' });
    expect(second?.lastEventId).toBe('now');
  });

  test('BODY-18 a block with an id only moves the last id and gives no event', () => {
    const state = createPacketState();
    expect(handlePacket(bytes('id: 5\n\n'), state)).toEqual([]);
    expect(state.lastEventId).toBe('5');
  });

  test('BODY-04 the id of half an event is not taken', () => {
    const state = createPacketState();
    handlePacket(bytes('id: 1\ndata: a\n\nid: 2\ndata: b\n'), state);
    expect(state.lastEventId).toBe('1');
  });

  test('a retry belongs to the event of its own block, and not to the next one', () => {
    const state = createPacketState();
    const packets = ['data: a\nret', 'ry: 7\n', '\nretry: 8\n\ndata: b\n\n', 'data: c\n\n'];
    const events = packets.flatMap((packet) => handlePacket(bytes(packet), state));
    expect(events.map(({ data, retry }) => [data, retry])).toEqual([
      ['a', 7],
      ['b', undefined],
      ['c', undefined],
    ]);
    expect(state.retry).toBe(8);
  });

  test.each([
    [
      ['data: a\n\nretry: 5\n', 'data: b\n\n'],
      [undefined, 5],
    ],
    [['retry: 5\r', '\ndata: a\r\n\r\n'], [5]],
    [['retry: 5\n\nretry: 6\ndata: a\n\nretry: 7\n\n'], [6]],
    [['retry: 5\n\n', 'data: a\n\n'], [undefined]],
    [
      ['data: a\nretry: 5\n\nretry: 6', '\n\ndata: b\n\n'],
      [5, undefined],
    ],
  ])('%j has the retries %j', (packets, retries) => {
    const state = createPacketState();
    const events = packets.flatMap((packet) => handlePacket(bytes(packet), state));
    expect(events.map(({ retry }) => retry)).toEqual(retries);
  });

  test('a packet without text changes nothing', () => {
    const state = createPacketState();
    expect(handlePacket(new Uint8Array(), state)).toEqual([]);
    expect(handlePacket(Uint8Array.of(0xef, 0xbb), state)).toEqual([]);
    expect(handlePacket(Buffer.from('\uFEFFdata: a\n\n').subarray(2), state)).toHaveLength(1);
  });
});

describe('the largest event', () => {
  const limit = 100;
  const filled = (size: number): string => 'x'.repeat(size);
  const limited = (packets: readonly string[]) => {
    const state = createPacketState({ maxEventSize: limit });
    const events = packets.flatMap((packet) => handlePacket(bytes(packet), state));
    return { events: events.length, tooLarge: state.tooLarge, lastEventId: state.lastEventId };
  };
  const passed = { events: 1, tooLarge: undefined, lastEventId: '' };
  const refused = { events: 0, tooLarge: { type: 'tooLarge', limit }, lastEventId: '' };

  test.each([
    ['as large as allowed', [`data: ${filled(100)}\n\n`], passed],
    [
      'as large as allowed, in pieces',
      [`data: ${filled(50)}`, filled(50), '\nretry: 10', '00\n', '\n'],
      passed,
    ],
    ['one byte more', [`data: ${filled(101)}\n\n`], refused],
    ['far more, in one packet', [`data: ${filled(1000)}\n\n`], refused],
    ['far more, ended in the next packet', [`data: ${filled(1000)}`, '\n\n'], refused],
    ['far more, with CR LF', [`data: ${filled(1000)}\r\n\r\n`], refused],
    ['too many bytes, few characters', [`data: ${'\u20AC'.repeat(35)}\n\n`], refused],
    ['a type that is too long', [`event: ${filled(101)}\ndata: a\n\n`], refused],
    [
      'a type and data that are too long together',
      [`event: ${filled(60)}\ndata: ${filled(60)}\n\n`],
      refused,
    ],
    [
      'an id that is too long with its data',
      [`id: ${filled(90)}\ndata: ${filled(11)}\n\n`],
      refused,
    ],
    ['an id that is too long, without data', [`id: ${filled(101)}\n\n`], refused],
    ['many lines', Array.from({ length: 60 }, () => 'data: abc\n'), refused],
    ['a line without an end', Array.from({ length: 60 }, () => 'data: abc'), refused],
  ])('BODY-13 %s', (_name, packets, outcome) => {
    expect(limited(packets)).toEqual(outcome);
  });

  test('BODY-13 events before the one that is too large are delivered, those after it are not', () => {
    const stream = `id: 1\ndata: a\n\nid: 2\ndata: ${filled(500)}\n\nid: 3\ndata: b\n\n`;
    expect(limited([stream, 'data: c\n\n'])).toEqual({ ...refused, events: 1, lastEventId: '1' });
  });

  test('BODY-14 comments and unknown fields without an end are no event and take no memory', () => {
    const endless = Array.from({ length: 200 }, () => `: ${filled(40)}`);
    expect(limited([...endless, '\ndata: a\n\n'])).toEqual(passed);
    expect(limited([...endless.map(() => filled(40)), '\ndata: a\n\n'])).toEqual(passed);
    expect(limited([...endless.map(() => `: ${filled(40)}\n`), 'data: a\n\n'])).toEqual(passed);
  });

  test('BODY-12 5 MiB in one packet and 7 MiB in many are delivered whole', () => {
    const state = createPacketState();
    const inOne = handlePacket(bytes(`data: ${filled(5 * 2 ** 20)}\n\n`), state);
    expect(inOne[0]?.data.length).toBe(5 * 2 ** 20);
    const piece = bytes(filled(2 ** 16));
    handlePacket(bytes('data: '), state);
    for (let count = 0; count < 112; count++) {
      handlePacket(piece, state);
    }
    expect(handlePacket(bytes('\n\n'), state)[0]?.data.length).toBe(7 * 2 ** 20);
  });
});
