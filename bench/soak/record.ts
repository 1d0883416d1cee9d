/**
 * A line that the child writes for each occurrence. A kill of the child does not undo a written
 * line. Times are in ms since 1970.
 */
export type Record =
  | {
      readonly type: 'handled';
      readonly stream: string;
      readonly number: number;
      /** Whether the event came with an id of its own. */
      readonly hasId: boolean;
      readonly checksum: number;
      readonly at: number;
    }
  /** A client has read its cursor, at each of its starts. */
  | { readonly type: 'began'; readonly stream: string }
  | { readonly type: 'connected'; readonly stream: string }
  | { readonly type: 'restarted' }
  | { readonly type: 'jumped' }
  | { readonly type: 'memory'; readonly rss: number; readonly at: number }
  /** The heap after a garbage collection. */
  | { readonly type: 'held'; readonly held: number; readonly at: number }
  /** After an orderly stop. */
  | { readonly type: 'open'; readonly handles: number };

export function write(record: Record): string {
  return `${JSON.stringify(Object.values(record))}\n`;
}

const fields = {
  handled: ['type', 'stream', 'number', 'hasId', 'checksum', 'at'],
  began: ['type', 'stream'],
  connected: ['type', 'stream'],
  restarted: ['type'],
  jumped: ['type'],
  memory: ['type', 'rss', 'at'],
  held: ['type', 'held', 'at'],
  open: ['type', 'handles'],
} as const;

export function read(line: string): Record {
  const values = JSON.parse(line) as readonly [Record['type'], ...unknown[]];
  const names = fields[values[0]];
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as unknown as Record;
}
