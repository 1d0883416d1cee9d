/**
 * How much garbage 10 visits of 65,536 lives leave, in bytes: outside of jest, whose own objects
 * would count.
 */
import { Lives } from '../../src/history/lives.ts';
import { collectGarbage } from '../support/garbage.ts';

const lives = new Lives({ lives: 65_536, age: Infinity }, () => undefined);
for (let pid = 0; pid < 65_536; pid++) {
  lives.add({ row: 1, pid, from: pid / 3, to: pid, handled: pid, kind: 'process', reason: 1 }, pid);
}
let sum = 0;
const visit = (): void => {
  lives.eachNewestFirst(({ from, to }) => {
    sum += to - from;
  });
};
// Until the code is optimized.
for (let count = 0; count < 20; count++) {
  visit();
}
await collectGarbage();
const before = process.memoryUsage().heapUsed;
for (let count = 0; count < 10; count++) {
  visit();
}
console.log(sum > 0 ? process.memoryUsage().heapUsed - before : 'nothing was visited');
