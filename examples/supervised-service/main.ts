/**
 * A service as a supervision tree of three levels. Each part can be crashed over HTTP, to see which
 * others are restarted with it. SIGTERM stops the service in order, even when a part hangs.
 *
 *     app                 restForOne: each child needs those above it
 *     ├── store
 *     ├── feeds           oneForAll: the two need each other
 *     │   ├── prices
 *     │   └── news
 *     └── web             oneForOne: each on its own
 *         ├── cache
 *         └── http        GET /health, POST /crash/feeds/prices
 *
 * `node --conditions=@reprise/source examples/supervised-service/main.ts [--port PORT] [--hang
 * PART]… [--grace-period MS] [--deadline MS]`
 */
import process from 'node:process';
import { parseArgs } from 'node:util';

import { Application, exit, kill, Supervisor } from '@reprise/actor';

import * as Http from './http.ts';
import * as Part from './part.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    hang: { type: 'string', multiple: true, default: [] },
    /** How long a part may take to stop, in ms, before its supervisor kills it. */
    'grace-period': { type: 'string', default: '5000' },
    /** How long the service may take to stop, in ms. */
    deadline: { type: 'string', default: '10000' },
  },
});

const part = (name: string): ReturnType<typeof Part.childSpec> =>
  Part.childSpec(name, {
    hangs: values.hang.includes(name),
    shutdown: Number(values['grace-period']),
  });

const feeds = Supervisor.childSpec({
  id: 'feeds',
  strategy: 'oneForAll',
  maxRestarts: 1,
  children: [part('prices'), part('news')],
});

const web = Supervisor.childSpec({
  id: 'web',
  strategy: 'oneForOne',
  children: [
    part('cache'),
    Http.childSpec({ port: Number(values.port), health: () => service.health(), crash }),
  ],
});

const service = Application.run(
  {
    name: 'app',
    strategy: 'restForOne',
    maxRestarts: 1,
    children: [part('store'), feeds, web],
  },
  { deadline: Number(values.deadline) },
);

process.on('exit', (status) => {
  console.log(`${service.health().state}, status ${status}`);
});
await service.whenReady;
console.log('ready');

/** Crashes a process of the tree: a part by an error, a supervisor by a kill. */
function crash(path: readonly string[]): void {
  let node = service.health().tree;
  for (const id of path) {
    node = node?.children.find((child) => child.id === id);
  }
  if (node?.pid !== undefined && node.type === 'worker') {
    Part.crash(node.pid as Part.PartPid);
  } else if (node?.pid !== undefined) {
    exit(service.system, node.pid, kill);
  }
}
