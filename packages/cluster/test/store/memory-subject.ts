import { memory } from '../../src/index.ts';
import { options, type Subject } from './subject.ts';

/** The reference: small enough to be seen to be right. */
export const memorySubject: Subject = {
  name: 'memory',
  create: async () => {
    const store = memory();
    return {
      streams: {
        set: async (specs) => {
          for (const [key, spec] of Object.entries(specs)) {
            store.streams.set(key, spec);
          }
        },
        delete: async (key) => {
          store.streams.delete(key);
        },
      },
      effects: undefined,
      open: () => store.open(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
