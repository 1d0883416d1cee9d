import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
// Made once: a new context takes longer than a small collection.
const collect = runInNewContext('gc') as () => void;

/** The size of the heap in bytes, after a collection of its garbage. */
export function heldBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
