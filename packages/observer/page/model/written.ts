import { visible } from './format.ts';

/** A part of a value that is written: `hidden` is a secret, `note` says what is not shown. */
export interface Piece {
  readonly text: string;
  readonly type?: 'key' | 'text' | 'hidden' | 'note';
}

/** What the server says of a value that it does not show as it is. */
const note =
  /^\[(?:[A-Z]\w*(?:\(\d+\))?|[A-Z]\w* of \d+ bytes|circular|getter|unreadable|large bigint|function [^\]]*)\]$/;
const more = /^… \d+ more$/;

/** Values in short, as a person would write them: `{ a: 1, b: 'x' }`. In `limit` characters. */
export function written(value: unknown, limit: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let left = limit;
  for (const { text, ...rest } of typeof value === 'string' ? ofText(value, '') : of(value, 0)) {
    const shown = visible(text, Math.max(0, left));
    pieces.push({ text: shown, ...rest });
    left -= text.length;
    if (left <= 0) {
      break;
    }
  }
  return pieces;
}

function of(value: unknown, depth: number): readonly Piece[] {
  if (typeof value === 'string') {
    return ofText(value, "'");
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => of(item, depth + 1));
    return [{ text: '[' }, ...joined(items, ', '), { text: ']' }];
  }
  return typeof value === 'object' && value !== null
    ? ofFields(Object.entries(value), depth)
    : [{ text: String(value) }];
}

function ofText(text: string, quote: string): readonly Piece[] {
  if (text === '[redacted]') {
    return [{ text: 'hidden', type: 'hidden' }];
  }
  if (note.test(text) || more.test(text)) {
    return [{ text: text.replaceAll(/^\[|\]$/g, ''), type: 'note' }];
  }
  return [{ text: `${quote}${text}${quote}`, type: 'text' }];
}

/** On one line if there is room for it. */
function ofFields(
  entries: readonly (readonly [key: string, value: unknown])[],
  depth: number,
): readonly Piece[] {
  if (entries.length === 0) {
    return [{ text: '{}' }];
  }
  const fields = entries.map(([key, item]): readonly Piece[] => [
    { text: key, type: 'key' },
    { text: ': ' },
    ...of(item, depth + 1),
  ]);
  const line = [{ text: '{ ' }, ...joined(fields, ', '), { text: ' }' }];
  if (line.reduce((sum, { text }) => sum + text.length, 0) < 56) {
    return line;
  }
  const pad = '  '.repeat(depth);
  return [{ text: `{\n${pad}  ` }, ...joined(fields, `,\n${pad}  `), { text: `,\n${pad}}` }];
}

function joined(lists: readonly (readonly Piece[])[], between: string): readonly Piece[] {
  return lists.flatMap((list, at) => (at === 0 ? list : [{ text: between }, ...list]));
}
