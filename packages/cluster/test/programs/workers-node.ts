/** A worker of `workers.ts`: a node that writes the events of its streams into the file. */
import { Application, createSystem, Supervisor } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { sqlite } from '@reprise/cluster/sqlite';

import type { WorkersProgram } from './workers-program.ts';

const options = JSON.parse(process.argv[2] ?? '') as WorkersProgram;
const { shutdown } = options;
const isFaulty = process.env['REPRISE_WORKER'] === '2';

if (isFaulty && options.fault === 'stillborn') {
  throw new Error('stillborn');
}

const node = Cluster.childSpec({
  id: 'cluster',
  store: sqlite(options.file),
  streams: options.streams,
  ttl: 3000,
  shutdown,
  client: ({ key }) => ({
    url: `${options.source}${key}`,
    headers: { 'x-node': `${process.pid}` },
  }),
  transact: ({ data }, { tx, key }) => {
    tx.prepare('insert into effect (key, number, body) values (?, ?, ?)').run(key, +data, data);
  },
});

if (isFaulty && options.fault === 'deaf') {
  process.on('SIGTERM', () => undefined);
  await Supervisor.startLink(createSystem(), { strategy: 'oneForOne', children: [node] });
} else {
  Application.run({ strategy: 'oneForOne', children: [node] }, { deadline: shutdown });
}
