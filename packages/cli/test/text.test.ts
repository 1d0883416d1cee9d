import { describe, expect, test } from '@jest/globals';

import { jsonLine } from '../src/output/json.ts';
import { eventLines } from '../src/output/lines.ts';
import { harmless, stateLine } from '../src/output/text.ts';

const source = { id: 'source 1', url: 'http://example.com/', name: 'http://example.com/' };

function event(fields: object): Parameters<typeof eventLines>[0] {
  return { type: 'message', data: '', id: null, lastEventId: '', ...fields };
}

describe('harmless', () => {
  test('leaves visible characters', () => {
    const text = 'plain, "quoted" \\ \u00E9\u6F22\u{1F600} \u{1F469}\u200D\u{1F4BB}';
    expect(harmless(text)).toBe(text);
  });

  test.each([
    ['\u001B[2J\u0007', String.raw`\x1b[2J\x07`],
    ['\u009B31m\u007F', String.raw`\x9b31m\x7f`],
    ['a\r\n\tb\0', String.raw`a\r\n\tb\x00`],
    ['\u202Egnp.exe\u2066', String.raw`\u{202e}gnp.exe\u{2066}`],
    ['\u2028\u2029\uFEFF', String.raw`\u{2028}\u{2029}\u{feff}`],
    ['\uD800x', String.raw`\u{d800}x`],
  ])('writes %j as an escape', (text, expected) => {
    expect(harmless(text)).toBe(expected);
  });
});

describe('eventLines', () => {
  test('begins with the type, and the id where there is one', () => {
    expect(eventLines(event({ type: 'price', data: '17', id: 'a' }))).toEqual(['price [a] 17']);
    expect(eventLines(event({ data: '17' }))).toEqual(['message 17']);
  });

  test('has a line for each line of data', () => {
    expect(eventLines(event({ data: 'a\n\nb' }))).toEqual(['message a', '  ', '  b']);
  });

  test('shows an id that resets', () => {
    expect(eventLines(event({ data: 'x', id: '' }))).toEqual(['message [] x']);
  });
});

describe('jsonLine', () => {
  test('keeps every character, on one line without any line terminator in it', () => {
    const all = Array.from({ length: 0x30_00 }, (_, code) => String.fromCharCode(code)).join('');
    const line = jsonLine(source, event({ type: all, data: all, id: all }));
    expect(JSON.parse(line)).toEqual({
      source: source.url,
      type: all,
      data: all,
      id: all,
      lastEventId: '',
    });
    expect(line).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
  });
});

describe('stateLine', () => {
  const failure = { type: 'closed' } as const;

  test.each([
    [{ type: 'connecting', attempt: 1 }, 'connecting'],
    [{ type: 'connected', url: source.url }, 'connected'],
    [
      { type: 'disconnected', reason: 'status 503', failure, after: 1234 },
      'disconnected status 503, next attempt in 1.2s',
    ],
    [
      { type: 'disconnected', reason: 'a\nb', failure, after: 0 },
      String.raw`disconnected a\nb, next attempt in 0.0s`,
    ],
    [{ type: 'gaveUp', reason: 'status 404\u001B' }, String.raw`gave up status 404\x1b`],
    [
      { type: 'ignored', lastEventId: 'x'.repeat(5000), reason: 'refused' },
      `the id ${'x'.repeat(100)} was refused as too long: it goes on without it`,
    ],
    [
      { type: 'ignored', lastEventId: '\u0001', reason: 'unsendable' },
      String.raw`the id \x01 cannot be sent: it goes on without it`,
    ],
    [
      { type: 'gap', asked: '7\u0001', begins: 'earliest' },
      String.raw`the server begins after earliest and not after 7\x01: events may be missing`,
    ],
    [
      { type: 'gap', asked: '7', begins: '' },
      'the server begins after another place and not after 7: events may be missing',
    ],
    [{ type: 'ended' }, undefined],
    [
      { type: 'parked', reason: 'it has ended', retryIn: undefined },
      'ended in another run: `reprise cluster retry` runs it again',
    ],
    [
      { type: 'parked', reason: 'status\t404', retryIn: 59_960 },
      String.raw`parked status\t404, next attempt in 60.0s`,
    ],
  ] as const)('%j is %j', (state, line) => {
    expect(stateLine(state)).toBe(line);
  });

  test('has no part of a secret that is cut', () => {
    const hide = (text: string): string => text.replaceAll('hunter2-hunter2', '[redacted]');
    const body = `${'x'.repeat(290)} hunter2-hunter2`;
    const answer = { type: 'status', status: 403, headers: {}, url: source.url, body } as const;
    const id = `${'x'.repeat(90)} hunter2-hunter2`;
    for (const state of [
      { type: 'gaveUp', reason: 'status 403', failure: answer },
      { type: 'gap', asked: id, begins: id },
      { type: 'ignored', lastEventId: id, reason: 'refused' },
    ] as const) {
      expect(stateLine(state, hide)).not.toContain('hun');
    }
  });
});
