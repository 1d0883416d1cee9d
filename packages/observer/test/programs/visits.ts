/**
 * How much garbage 10 visits of 65,536 lives leave, in bytes, in the best of 10 rounds: outside of
 * jest, whose own objects would count.
 */
import { Lives } from '../../src/history/lives.ts';
import { collectGarbage } from '../support/garbage.ts';

const lives = new Lives({ lives: 65_536, age: Infinity }, () => undefined);
for (let pid = 0; pid < 65_536; pid++) {
  const rest = { handled: pid, kind: 'process', reason: 1, isCrash: false } as const;
  lives.add({ row: 1, pid, from: pid / 3, to: pid, ...rest }, pid);
}
let sum = 0;
const visit = (): void => {
  lives.eachNewestFirst(({ from, to }) => {
    sum += to - from;
  });
};
let least = Infinity;
// The first rounds run before the code is optimized: on a busy machine that comes late.
for (let round = 0; round < 10; round++) {
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 10; count++) {
    visit();
  }
  least = Math.min(least, process.memoryUsage().heapUsed - before);
}
console.log(sum > 0 ? least : 'nothing was visited');
