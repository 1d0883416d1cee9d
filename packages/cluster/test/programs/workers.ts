/**
 * `node --conditions=@reprise/source workers.ts OPTIONS`: a program of workers. OPTIONS is the JSON
 * of a `WorkersProgram`.
 */
import { join } from 'node:path';

import { Application } from '@reprise/actor';
import { sqlite } from '@reprise/cluster/sqlite';
import { Workers } from '@reprise/cluster/workers';

import type { WorkersProgram } from './workers-program.ts';

const [, , text = ''] = process.argv;
const { file, count, maxRestarts, shutdown, isBelow } = JSON.parse(text) as WorkersProgram;

const workers = Workers.childSpec({
  id: 'workers',
  program: join(import.meta.dirname, 'workers-node.ts'),
  args: [text],
  count,
  maxRestarts,
  shutdown,
  store: sqlite(file),
});
const tree = isBelow ? { strategy: 'oneForOne' as const, children: [workers] } : workers;
Application.run(tree, { deadline: shutdown + 5000 });
