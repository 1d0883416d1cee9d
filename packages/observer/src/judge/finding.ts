/** Something that is not well, or may not stay so. */
export interface Finding {
  /** The same from look to look, as long as it is about the same. */
  readonly id: string;
  readonly type: FindingType;
  /** `critical`: it needs a person. `warning`: it may come to that. */
  readonly level: 'critical' | 'warning';
  /** The process that it is about: the ids from the top down. */
  readonly path: string;
  /** A sentence without its period. */
  readonly title: string;
  /** More about it: sentences. */
  readonly detail: string;
  /** Since when, on the system's clock, in ms. */
  readonly since: number;
}

/**
 * - `crashLoop`: a child crashes again and again.
 * - `intensity`: a supervisor is about to give up.
 * - `gaveUp`: a child or a supervisor has ended abnormally, and is not started again.
 * - `stuck`: a callback or a handler does not settle, while messages or events wait behind it.
 * - `notConnected`: a stream does not get a connection.
 * - `silent`: a stream is connected, and nothing comes.
 * - `flooded`: a mailbox grows.
 * - `dropped`: a full mailbox has dropped or refused messages.
 * - `lossPossible`: a server has ignored a cursor: events may be missing.
 * - `blocked`: a callback has held the thread.
 */
export type FindingType =
  | 'crashLoop'
  | 'intensity'
  | 'gaveUp'
  | 'stuck'
  | 'notConnected'
  | 'silent'
  | 'flooded'
  | 'dropped'
  | 'lossPossible'
  | 'blocked';

export function findingOf(
  type: FindingType,
  finding: Omit<Finding, 'id' | 'type'>,
): readonly Finding[] {
  return [{ id: `${type}: ${finding.path}`, type, ...finding }];
}
