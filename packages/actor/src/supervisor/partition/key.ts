import { describe } from '../../describe.ts';
import { isPid } from '../../process/cell.ts';
import type { Pid } from '../../process/pid.ts';

/** A value that decides on the partition: see `route`. */
export type PartitionKey = string | number | bigint | boolean | Pid;

/**
 * The partition of a key, from 0 to `partitions` - 1: whole numbers and the ids of pids by their
 * remainder, other keys by a hash (FNV-1a) of their text.
 * @throws TypeError for a value that is not a key
 */
export function partitionOf(key: PartitionKey, partitions: number): number {
  if (typeof key === 'bigint') {
    return Number((key < 0n ? -key : key) % BigInt(partitions));
  }
  if (Number.isInteger(key)) {
    return Math.abs(key as number) % partitions;
  }
  return (isPid(key) ? key.id : hash(keyText(key))) % partitions;
}

function keyText(key: PartitionKey): string {
  if (!['string', 'number', 'boolean'].includes(typeof key)) {
    throw new TypeError(
      `Expected a key that is a string, number, bigint, boolean or pid, got ${describe(key)}`,
    );
  }
  return String(key);
}

function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
