import type { ParkedStream, StreamRow } from '../store.ts';

/** Why a stream is not run, and the time from which on it is, if that comes by itself. */
export interface Parking {
  readonly reason: string;
  readonly retryAt: number | undefined;
}

/** Who runs a stream, and how far it has come. */
export interface OwnerRow {
  readonly owner: string | undefined;
  readonly epoch: number;
  readonly cursor: string;
  readonly recent: string | undefined;
  readonly spec: string;
  readonly strikes: number;
  /** `undefined` while it may run. */
  readonly parking: Parking | undefined;
}

export const undeclared: OwnerRow = {
  owner: undefined,
  epoch: 0,
  cursor: '',
  recent: undefined,
  spec: '',
  strikes: 0,
  parking: undefined,
};

export function parkingOf(
  { reason, retryIn }: Pick<ParkedStream, 'reason' | 'retryIn'>,
  date: number,
): Parking {
  return { reason, retryAt: retryIn === undefined ? undefined : date + retryIn };
}

export function retryIn(parking: Parking | undefined, date: number): number | undefined {
  return parking?.retryAt === undefined ? undefined : Math.max(0, parking.retryAt - date);
}

export function isDue({ parking }: OwnerRow, date: number): boolean {
  return parking === undefined || (parking.retryAt ?? Infinity) <= date;
}

/** Parked streams first, then those with strikes, then by key. */
export function byUrgency(a: StreamRow, b: StreamRow): number {
  return (
    Number(a.parked === undefined) - Number(b.parked === undefined) ||
    Number(a.strikes === 0) - Number(b.strikes === 0) ||
    (a.key < b.key ? -1 : 1)
  );
}
