/**
 * One way to do the work of a cluster's store. Each answer is the time that the work took, in ms.
 */
export interface Side {
  /** Gives so many streams of a dead node to another, in one request. */
  claim(streams: number): Promise<number>;
  /** Renews a node so often, one after the other. */
  renew(times: number): Promise<number>;
  /** Writes so many cursors in one statement, and that so often. */
  save(cursors: number, times: number): Promise<number>;
  /** Writes so many effects and their cursor in one transaction, and that so often. */
  transact(effects: number, times: number): Promise<number>;
  close(): Promise<void>;
}

/** An effect: 200 bytes with a primary key. */
export interface Effect {
  readonly id: number;
  readonly body: string;
}

let last = 0;

/** Effects with ids that were never used. */
export function effects(count: number): readonly Effect[] {
  return Array.from({ length: count }, () => ({ id: (last += 1), body: 'x'.repeat(200) }));
}

/** The text of a cursor after an event: 24 bytes. */
export function cursorText(): string {
  return String((last += 1)).padStart(24, '0');
}

export function keysOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `stream-${index}`);
}

/** The time of some work, in ms. */
export async function timed(work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
