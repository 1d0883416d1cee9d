import { type Fault, rates } from '../fault.ts';
import { lifeOf, reasonOf } from '../observation.ts';
import { type Received, stream } from '../stage.ts';

/** Answers that are no event stream, or that lead to one elsewhere. */
export const answers: readonly Fault[] = [
  status(500),
  status(401),
  {
    name: 'text/html',
    title: '200 text/html with an event in it',
    play:
      () =>
      ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('data: not an event\n\n');
      },
    outcome: (seen) =>
      (seen.last?.delivered ?? 0) > 0
        ? ['taken for events', lifeOf(seen)]
        : ['refused', lifeOf(seen), ...reasonOf(seen)],
    figures: rates,
  },
  {
    name: 'redirect',
    title: '307 to another origin',
    play: () => (exchange) => {
      const { response, received, stage } = exchange;
      if (received.isElsewhere) {
        stream(exchange, 'data: here\n\n');
      } else {
        response.writeHead(307, { location: stage.elsewhere }).end();
      }
    },
    outcome: (seen) => {
      const [asked] = seen.requests;
      const arrived = seen.requests.find(({ isElsewhere }) => isElsewhere);
      return asked === undefined || arrived === undefined
        ? ['not followed', lifeOf(seen), ...reasonOf(seen)]
        : ['followed', ...['Authorization', 'X-Api-Key'].map((name) => leak(name, asked, arrived))];
    },
    figures: [],
  },
];

function status(code: number): Fault {
  return {
    name: String(code),
    title: `status ${code}`,
    play:
      () =>
      ({ response }) => {
        response.writeHead(code).end();
      },
    outcome: (seen) => [lifeOf(seen), ...reasonOf(seen)],
    figures: rates,
  };
}

function leak(name: string, asked: Received, arrived: Received): string {
  const key = name.toLowerCase();
  if (asked.headers[key] === undefined) {
    return `never sends ${name}`;
  }
  return arrived.headers[key] === undefined ? `no ${name}` : `${name} LEAKS`;
}
