/**
 * `node served.ts PORT NAME`: a program with an agent of this name, and an observer at this port;
 * 0 takes any. Prints the URL.
 */
import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';

import { observer } from '../../src/index.ts';
import { token } from '../support/observed.ts';

const [port, name = ''] = process.argv.slice(2);
// An observer keeps no program running.
setInterval(() => undefined, 60_000);
await Supervisor.startLink(createSystem(), {
  strategy: 'oneForOne',
  name: 'app',
  children: [
    childSpec((parent) => Agent.startLink(parent, () => 0), { id: name }),
    observer({ port: Number(port), token, announce: console.log }),
  ],
});
