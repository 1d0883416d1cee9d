/**
 * `node --conditions=@reprise/source holder.ts FILE`: has a cursor file open, says so, and keeps it
 * until it is killed.
 */
import { sqlite } from '../../src/index.ts';

const [file = ''] = process.argv.slice(2);
const store = sqlite(file);
store.open?.();
store.set('client', JSON.stringify({ lastEventId: '7', recent: [] }));
console.log('open');
setInterval(() => undefined, 2 ** 30);
