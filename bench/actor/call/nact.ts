import { measureRate } from '../../measure/rate.ts';
import { call, startCounter, stopAll } from '../counter/nact.ts';

const batch = 1000;
const counter = startCounter();

await measureRate({
  batch,
  async run() {
    for (let asked = 0; asked < batch; asked++) {
      await call(counter, 1);
    }
  },
  handled: () => call(counter, 0),
});
stopAll();
