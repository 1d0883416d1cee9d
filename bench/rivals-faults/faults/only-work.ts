import type { Fault, Figure } from '../fault.ts';
import { lifeOf, reasonOf } from '../observation.ts';
import { stream } from '../stage.ts';

const exitCode: Figure = {
  title: 'exit code',
  unit: '',
  value: ({ exit }) => exit?.code ?? undefined,
};

/** The stream is the only work of the program: does its exit code show that the stream is over? */
export const onlyWork: readonly Fault[] = [
  {
    name: 'outage',
    title: 'server gone for a while; the only work',
    windows: 2,
    order: () => ({ isOnlyWork: true }),
    play: (window) => (exchange) => {
      // A short delay: every contender tries while the server is down.
      stream(exchange, 'retry: 200\ndata: x\n\n');
      if (exchange.received.index === 0) {
        exchange.stage.later(100, () => exchange.stage.leave());
        exchange.stage.comeBack(window * 0.4);
      }
    },
    // No request can arrive before the server is back.
    outcome: (seen) =>
      seen.requests.length > 1
        ? ['comes back', lifeOf(seen)]
        : [lifeOf(seen), 'never comes back', ...reasonOf(seen)],
    figures: [exitCode],
  },
  {
    name: 'unwanted',
    title: 'status 401; the only work',
    order: () => ({ isOnlyWork: true }),
    play:
      () =>
      ({ response }) => {
        response.writeHead(401).end();
      },
    outcome: (seen) => [lifeOf(seen), ...reasonOf(seen)],
    figures: [exitCode],
  },
];
