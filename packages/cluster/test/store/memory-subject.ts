import { memory } from '../../src/index.ts';
import { options, type Subject } from './subject.ts';

/** The reference: small enough to be seen to be right. */
export const memorySubject: Subject = {
  name: 'memory',
  create: async () => {
    const store = memory();
    return {
      effects: undefined,
      open: () => store.open(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
