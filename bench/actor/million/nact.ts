import { stop } from 'nact';

import { measureLife } from '../../measure/life.ts';
import { call, startCounter, stopAll } from '../counter/nact.ts';

await measureLife({ start: startCounter, ask: (counter) => call(counter, 1), stop });
stopAll();
