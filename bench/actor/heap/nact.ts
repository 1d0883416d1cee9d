import { measureHeap } from '../../measure/heap.ts';
import { call, startCounter, stopAll } from '../counter/nact.ts';

await measureHeap({ start: startCounter, ask: (counter) => call(counter, 1) });
stopAll();
