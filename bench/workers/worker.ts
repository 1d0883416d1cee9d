/**
 * A worker of `program.ts`: a node whose handler needs some 20 µs of the processor for an event. It
 * tells its parent how many it has handled, and the cost of all of them.
 */
import { createHash } from 'node:crypto';

import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { sqlite } from '@reprise/cluster/sqlite';

/** Of a worker, from its start on. */
export interface Progress {
  readonly handled: number;
  /** In µs. */
  readonly cpu: number;
}

const [, , file = '', url = '', streams = ''] = process.argv;
let handled = 0;

const node = Cluster.childSpec({
  id: 'node',
  store: sqlite(file),
  streams: Array.from({ length: Number(streams) }, (_, index) => `s${index}`),
  shutdown: 1000,
  client: ({ key }) => ({ url: `${url}${key}` }),
  handle: ({ data }) => {
    const { text } = JSON.parse(data) as { readonly text: string };
    for (let round = 0; round < 4; round += 1) {
      createHash('sha256').update(text).digest('hex');
    }
    handled += 1;
  },
});
Application.run({ strategy: 'oneForOne', children: [node] });
setInterval(() => {
  const { user, system } = process.cpuUsage();
  process.send?.({ handled, cpu: user + system } satisfies Progress);
}, 50).unref();
