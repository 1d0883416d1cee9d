import { measureRate } from '../../measure/rate.ts';
import { call, cast, startCounter, stopAll } from '../counter/nact.ts';

const batch = 10_000;
const counter = startCounter();

await measureRate({
  batch,
  async run() {
    for (let sent = 0; sent < batch; sent++) {
      cast(counter, 1);
    }
    await call(counter, 0);
  },
  handled: () => call(counter, 0),
});
stopAll();
