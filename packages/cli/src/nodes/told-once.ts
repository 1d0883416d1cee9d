import type { Output } from '../output/output.ts';
import type { Source } from '../source.ts';

/** Tells the end of a stream once: its own node says how, and all nodes see it in the store. */
export function toldOnce(output: Output): Output {
  const over = new Set<Source>();
  return {
    event: (source, event) => output.event(source, event),
    state: (source, state) => {
      const isRepeated = state.type === 'parked' && over.has(source);
      if (['ended', 'gaveUp', 'parked'].includes(state.type)) {
        over.add(source);
      } else if (state.type === 'owned') {
        over.delete(source);
      }
      if (!isRepeated) {
        output.state(source, state);
      }
    },
    notice: (text) => {
      output.notice(text);
    },
    close: () => {
      output.close();
    },
  };
}
