import type { FailureKind } from '../run/failure.ts';

/** The exit status of `reprise simulate`. */
export const statuses = {
  ok: 0,
  violation: 1,
  escape: 2,
  divergence: 3,
  misuse: 64,
} as const;

export type Status = (typeof statuses)[keyof typeof statuses];

export function statusOf(kind: FailureKind): Status {
  return kind === 'escape' || kind === 'divergence' ? statuses[kind] : statuses.violation;
}
