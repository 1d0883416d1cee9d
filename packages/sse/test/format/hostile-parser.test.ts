import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createPacketState, handlePacket } from '../../src/index.ts';
import { heldBytes } from '../support/garbage.ts';
import { scannedCharacters } from '../support/scanned-characters.ts';

/** A text that is repeated many times: pieces that mean something to a parser, in any order. */
const pattern = fc
  .array(
    fc.constantFrom('data', 'event', 'id', 'retry', ':', ' ', '\n', '\r', '9', 'x', '§', '\uFEFF'),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));

/** The worst patterns found so far, for every run. */
const corpus = [
  'data:\n',
  'data:中\n',
  'data:x',
  'id:x\n',
  'id:x',
  'retry:9',
  'retry:9\n\n',
  ':',
  ':\r',
  'data',
  'event:x\n',
  'retry:9\n',
  'retry:9\ndata\n\n',
  'x\r\n',
  '\r',
  '\n',
  '\r\n',
  'data:x\r',
  'data:x\r\n\r\n',
];

/** For longer manual runs: `FUZZ=10000 pnpm jest hostile-parser`. */
const numRuns = Number(process.env['FUZZ'] ?? 0);

/** Packets of `size` bytes each, `total` bytes together. */
function* endless(text: string, size: number, total: number): Generator<Uint8Array> {
  const stock = Buffer.from(text.repeat(Math.ceil((size * 2) / text.length)));
  const period = Buffer.byteLength(text);
  for (let sent = 0; sent < total; sent += size) {
    yield stock.subarray(sent % period, (sent % period) + size);
  }
}

test('memory is bounded by the limit, for any pattern that is repeated without an end', () => {
  const limit = 2 ** 12;
  fc.assert(
    fc.property(pattern, fc.constantFrom(100, 4096), (text, size) => {
      // Anew for each pattern: the records of a long run of the property grow too.
      const before = heldBytes();
      const state = createPacketState({ maxEventSize: limit });
      for (const packet of endless(text, size, 2 ** 20)) {
        handlePacket(packet, state);
      }
      // A data line of one character counts as two bytes, and V8 keeps it in 88. The rest is for
      // garbage that a collection leaves.
      expect(heldBytes() - before).toBeLessThan(44 * limit + 2 ** 18);
    }),
    // A collection takes time: the first patterns of the corpus and a few others.
    {
      numRuns: numRuns || 12,
      examples: corpus.slice(0, 8).map((text): [string, number] => [text, 4096]),
    },
  );
});

test.each([
  ['in lines of their own', (piece: string) => `data:${piece}\n:`, '\n'],
  ['cut in the name of the field', (piece: string) => `ta:${piece}\n:`, '\nda'],
  ['cut in the data', (piece: string) => `${piece}\n:`, '\ndata:'],
])('data between comments, %s, keeps no comment in memory', (_where, begin, end) => {
  const comment = Buffer.alloc(2 ** 16, 'x');
  const state = createPacketState({ maxEventSize: 2 ** 14 });
  const before = heldBytes();
  for (let count = 0; count < 200; count += 1) {
    // V8 copies a text of less than 13 characters, and makes a slice of a longer one.
    const start = begin(`${count}`.padStart(13, '0'));
    handlePacket(Buffer.concat([Buffer.from(start), comment, Buffer.from(end)]), state);
  }
  // Of 12.5 MiB that came, 3 KiB are data.
  expect(heldBytes() - before).toBeLessThan(2 ** 20);
  const [event] = handlePacket(Buffer.from('\n\n'), state);
  const lines = event?.data.split('\n') ?? [];
  expect(lines.filter((line) => Number(line) === 100)).toHaveLength(1);
});

test('no character is scanned more than a few times, for any stream and any cut', () => {
  const total = 2 ** 15;
  fc.assert(
    fc.property(pattern, fc.constantFrom(10, 1000, total), fc.boolean(), (text, size, comments) => {
      const state = comments ? createPacketState({ comments }) : createPacketState();
      const cost = scannedCharacters(() => {
        for (const packet of endless(text, size, total)) {
          handlePacket(packet, state);
        }
      });
      expect(cost).toBeLessThan(32 * total);
    }),
    {
      numRuns: numRuns || 60,
      examples: corpus.map((text): [string, number, boolean] => [text, total, false]),
    },
  );
});

test('an id that is kept does not keep its large event in memory', () => {
  const ids: (string | null | undefined)[] = [];
  const data = Buffer.from(`data: ${'x'.repeat(2 ** 20)}`);
  const state = createPacketState();
  const before = heldBytes();
  for (let count = 0; count < 16; count += 1) {
    handlePacket(data, state);
    const [event] = handlePacket(Buffer.from(`\nid: 0123456789abcdef-${count}\n\n`), state);
    ids.push(event?.id);
  }
  expect(ids.at(-1)).toBe('0123456789abcdef-15');
  expect(heldBytes() - before).toBeLessThan(2 ** 21);
  expect(ids).toHaveLength(16);
});

test('the last id of a packet, which a client keeps, does not keep the packet in memory', () => {
  const packet = Buffer.from('id: 0123456789abcdef\ndata: x\n\n'.repeat(2 ** 14));
  const before = heldBytes();
  const kept = Array.from({ length: 16 }, () => {
    const state = createPacketState();
    return [handlePacket(packet, state).at(-1)?.lastEventId, state.lastEventId];
  });
  expect(kept.at(-1)).toEqual(['0123456789abcdef', '0123456789abcdef']);
  expect(heldBytes() - before).toBeLessThan(2 ** 21);
  expect(kept).toHaveLength(16);
});
