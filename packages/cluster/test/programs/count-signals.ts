import { existsSync } from 'node:fs';
import process from 'node:process';

/**
 * A worker that counts SIGTERM. It tells its parent that it runs, and holds its thread until FILE
 * is there. Once its parent has gone, it prints how many it has got. With `once` it listens to the
 * first alone. `node --import …/worker.ts?shutdown=60000 count-signals.ts on|once FILE`
 */
let signals = 0;
const [, , how, file = ''] = process.argv;
const alive = setInterval(() => undefined, 1000);
process[how as 'on' | 'once']('SIGTERM', () => {
  signals += 1;
  if (process.connected) {
    process.send?.('got one');
  }
});
process.once('disconnect', () => {
  turn(10);
});
process.send?.('started', () => {
  while (!existsSync(file));
});

/** So many turns of the event loop: each handles the signals that have come. */
function turn(left: number): void {
  if (left > 0) {
    setImmediate(turn, left - 1);
  } else {
    console.log(signals);
    clearInterval(alive);
  }
}
