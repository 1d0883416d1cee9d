import type { NodeHost } from './node-host.ts';

/** Fills a view, or the part from `offset` on with `size` elements of it. */
export function fill<View extends ArrayBufferView>(
  host: NodeHost,
  view: View,
  { offset = 0, size }: { readonly offset?: number; readonly size?: number } = {},
): View {
  const { BYTES_PER_ELEMENT: width = 1 } = view as { readonly BYTES_PER_ELEMENT?: number };
  const all = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const from = offset * width;
  const part = all.subarray(from, size === undefined ? undefined : from + size * width);
  for (let at = 0; at < part.length; at += 1) {
    part[at] = host.word();
  }
  return view;
}

export function randomBytes(host: NodeHost, size: number): Buffer {
  return fill(host, Buffer.alloc(size));
}

/** From `min` on, below `max`. */
export function randomInt(host: NodeHost, min: number, max: number): number {
  const even = (host.word() * 2 ** 21 + (host.word() >>> 11)) / 2 ** 53;
  return min + Math.floor(even * (max - min));
}

/** @see RFC 9562, UUID Version 4 */
export function uuidV4(host: NodeHost): string {
  return format(randomBytes(host, 16), 4);
}

/** It begins with the time. @see RFC 9562, UUID Version 7 */
export function uuidV7(host: NodeHost): string {
  const bytes = randomBytes(host, 16);
  bytes.writeUIntBE(host.clock.date(), 0, 6);
  return format(bytes, 7);
}

function format(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const ends = [0, 8, 12, 16, 20, 32];
  return ends
    .slice(1)
    .map((end, at) => hex.slice(ends[at], end))
    .join('-');
}
