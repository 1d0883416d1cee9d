import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects what nobody holds. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // What a WeakRef was asked for stays until the turn of the event loop is over.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  gc();
}
