import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs the garbage collector. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // A WeakRef that was dereferenced keeps its target until the end of the event loop's turn.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  gc();
}
