/**
 * `node --conditions=@reprise/source filler.ts FILE`: writes to a cursor file until that fails, and
 * prints the error.
 */
import { sqlite } from '../../src/index.ts';

const [file = ''] = process.argv.slice(2);
const store = sqlite(file);
store.open?.();
try {
  for (let key = 0; ; key += 1) {
    store.set(`${key}`, 'x'.repeat(1000));
  }
} catch (error) {
  console.log((error as Error).message);
}
