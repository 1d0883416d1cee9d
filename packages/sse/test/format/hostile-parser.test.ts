import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createPacketState, handlePacket } from '../../src/index.ts';
import { heldBytes } from '../support/garbage.ts';
import { scanned } from '../support/scanned.ts';

/** What is repeated without an end, or nearly: pieces that mean something, in any order. */
const pattern = fc
  .array(
    fc.constantFrom('data', 'event', 'id', 'retry', ':', ' ', '\n', '\r', '9', 'x', '§', '\uFEFF'),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));

/** The worst found so far: each is tried in every run. */
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

/** More of them by hand, as in the fuzzer: `FUZZ=10000 pnpm jest hostile-parser`. */
const numRuns = Number(process.env['FUZZ'] ?? 0);

/** Packets of `size` bytes each, `total` in all. */
function* endless(text: string, size: number, total: number): Generator<Uint8Array> {
  const stock = Buffer.from(text.repeat(Math.ceil((size * 2) / text.length)));
  const period = Buffer.byteLength(text);
  for (let sent = 0; sent < total; sent += size) {
    yield stock.subarray(sent % period, (sent % period) + size);
  }
}

test('whatever comes without an end, what is held of it is bounded by the limit, and not by what has come', () => {
  const limit = 2 ** 13;
  fc.assert(
    fc.property(pattern, fc.constantFrom(100, 4096), (text, size) => {
      const state = createPacketState({ maxEventSize: limit });
      const before = heldBytes();
      for (const packet of endless(text, size, 2 ** 21)) {
        handlePacket(packet, state);
      }
      // Data lines of one character count as two, and V8 keeps each in 88 bytes. The rest is what a
      // garbage collector leaves.
      expect(heldBytes() - before).toBeLessThan(44 * limit + 2 ** 18);
    }),
    // To collect garbage takes its time: the first of the corpus, and a few besides.
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
])('data among comments, %s, holds on to nothing of them', (_where, begin, end) => {
  const comment = Buffer.alloc(2 ** 16, 'x');
  const state = createPacketState({ maxEventSize: 2 ** 14 });
  const before = heldBytes();
  for (let count = 0; count < 1000; count += 1) {
    // Not shorter: of less than 13 characters V8 makes a copy, and no slice.
    const start = begin(`${count}`.padStart(13, '0'));
    handlePacket(Buffer.concat([Buffer.from(start), comment, Buffer.from(end)]), state);
  }
  // 62 MiB came, of which 14 KiB are data.
  expect(heldBytes() - before).toBeLessThan(2 ** 20);
  const [event] = handlePacket(Buffer.from('\n\n'), state);
  const lines = event?.data.split('\n') ?? [];
  expect(lines.filter((line) => Number(line) === 500)).toHaveLength(1);
});

test('whatever comes, and however it is cut, no character is looked at more than a few times', () => {
  const total = 2 ** 15;
  fc.assert(
    fc.property(pattern, fc.constantFrom(10, 1000, total), fc.boolean(), (text, size, comments) => {
      const state = comments ? createPacketState({ comments }) : createPacketState();
      const cost = scanned(() => {
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

test('an id that is kept holds on to nothing of the large event that it came with', () => {
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

test('the last id of a packet, which a client keeps, holds on to nothing of the packet', () => {
  const packet = Buffer.from('id: 0123456789abcdef\ndata: x\n\n'.repeat(2 ** 15));
  const before = heldBytes();
  const kept = Array.from({ length: 16 }, () => {
    const state = createPacketState();
    return [handlePacket(packet, state).at(-1)?.lastEventId, state.lastEventId];
  });
  expect(kept.at(-1)).toEqual(['0123456789abcdef', '0123456789abcdef']);
  expect(heldBytes() - before).toBeLessThan(2 ** 21);
  expect(kept).toHaveLength(16);
});
