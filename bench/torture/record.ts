import type { Entry } from './single.ts';
import type { Stall } from './stalls.ts';

/** A line that a node adds to the file of all nodes. A kill does not undo a written line. */
export type NodeRecord =
  | ({ readonly type: 'begun' } & Entry)
  /** The process is about to die of this stream. */
  | { readonly type: 'poisoned'; readonly stream: string; readonly node: string }
  | ({ readonly type: 'stalled'; readonly node: string } & Stall);

export function write(record: NodeRecord): string {
  return `${JSON.stringify(record)}\n`;
}

export function read(line: string): NodeRecord {
  return JSON.parse(line) as NodeRecord;
}
