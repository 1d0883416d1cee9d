import fc from 'fast-check';

const fragments = [
  'data: a',
  'data:',
  'data',
  'data:  two',
  'data: \u00E9\u{1F600}',
  'dat',
  'event: kind',
  'event:',
  'id: 7',
  'id',
  'id: \0',
  'id: \u2026',
  'retry: 2000',
  'retry:5',
  'retry: 5x',
  'retry:',
  're',
  'try: 9',
  ':',
  ': note',
  'unknown: x',
  '\uFEFF',
  'x',
  '\n',
  '\n\n',
  '\r',
  '\r\n',
  '\r\n\r\n',
].map((text) => Buffer.from(text));

/**
 * Bytes that are almost an event stream: pieces of lines in any order, whole lines, broken UTF-8.
 */
export const anyStream: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...fragments) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.constantFrom(...fragments), fc.constantFrom('\n', '\r', '\r\n', '\n\n'))
          .map(([line, end]) => Buffer.concat([line, Buffer.from(end)])),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)) },
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.concat(pieces));

/** The lengths of the pieces to cut into; the rest is one piece. */
export const anyCuts: fc.Arbitrary<readonly number[]> = fc.array(fc.oneof(fc.nat(12), fc.nat(80)), {
  maxLength: 60,
});

export function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(from, from + length));
    from = Math.min(bytes.length, from + length);
  }
  return [...pieces, bytes.subarray(from)];
}

export function byteByByte(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
}
