/**
 * `node --conditions=@reprise/source holder.ts FILE [MS]`: opens a cursor file, prints a line, and
 * holds the file for MS ms, or until it is killed.
 */
import { sqlite } from '../../src/index.ts';

const [file = '', ms = String(2 ** 30)] = process.argv.slice(2);
const store = sqlite(file);
store.open?.();
store.set('client', JSON.stringify({ lastEventId: '7', recent: [] }));
console.log('open');
setTimeout(() => process.exit(), Number(ms));
