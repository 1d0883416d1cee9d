import type { Fault } from '../fault.ts';
import { lifeOf, type Observation } from '../observation.ts';
import { stream } from '../stage.ts';

/** The longest silence that the contenders allow: a part of the window. */
const longestSilence = (window: number): number => window / 5;

/** Connections that are dead without a close. */
export const silence: readonly Fault[] = [
  {
    name: 'silence',
    title: 'open connection falls silent',
    order: (window) => ({ idleTimeout: longestSilence(window) }),
    play: () => (exchange) => stream(exchange, 'data: x\n\n'),
    outcome: (seen, _twin, { againstSilence = 'no option' }) => [...notice(seen), againstSilence],
    figures: [],
  },
  {
    name: 'comments',
    title: 'the same, with comments',
    order: (window) => ({ idleTimeout: longestSilence(window) }),
    play: (window) => (exchange) => {
      stream(exchange, 'data: x\n\n');
      const { response } = exchange;
      const heartbeat = setInterval(() => response.write(': here\n'), longestSilence(window) / 4);
      response.on('close', () => clearInterval(heartbeat));
    },
    outcome: ({ requests: [first] }, _twin, { againstSilence }) => {
      const kept = first?.closedAt === undefined ? 'kept' : 'CUT, though alive';
      return againstSilence === undefined ? [kept, 'no option'] : [kept];
    },
    figures: [],
  },
];

function notice(seen: Observation): readonly string[] {
  const [first, second] = seen.requests;
  if (first?.closedAt === undefined) {
    return ['not noticed'];
  }
  const after = ((first.closedAt - first.at) / 1000).toFixed(1);
  return [`noticed in ${after} s`, second === undefined ? lifeOf(seen) : 'comes back'];
}
