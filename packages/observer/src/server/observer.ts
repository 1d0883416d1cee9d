import { randomBytes } from 'node:crypto';
import process from 'node:process';

import { type ChildSpec, type Pid, Supervisor } from '@reprise/actor';

import { record } from '../recording/record.ts';
import { assertObserverOptions, type ObserverOptions } from './options.ts';
import { serverSpec, type Setup } from './server.ts';

/**
 * The child spec of an observer: its page shows the system that it is a child of, from the last
 * hour on. It listens on this machine alone, at port 4141 or the next free one, and prints its URL
 * if stderr is a terminal.
 *
 * The program does not notice it: it is a supervisor of its own. If it gives up, it ends
 * `shutdown`, which counts as no failure. While nobody looks, it sets no timer.
 * @throws TypeError or RangeError for wrong options
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 * import { observer } from '@reprise/observer';
 *
 * const { promise: listens, resolve: announce } = Promise.withResolvers<string>();
 * const system = createSystem();
 * await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [
 *     childSpec((parent) => Agent.startLink(parent, () => 3), { id: 'stock' }),
 *     observer({ port: 0, announce }),
 *   ],
 * });
 * console.log(new URL(await listens).hostname); // 127.0.0.1
 * await system.stop();
 * ```
 */
export function observer(options: ObserverOptions = {}): ChildSpec<string, Pid> {
  assertObserverOptions(options);
  const { id = 'observer', token, announce = printOnTerminal } = options;
  const setup: Setup = {
    options,
    token: token ?? randomBytes(32).toString('base64url'),
    announce: (url) => {
      announce(token === undefined ? `${url}#${setup.token}` : url);
    },
    port: undefined,
  };
  return {
    id,
    start: (parent) => {
      record(parent.system);
      return Supervisor.startLink(parent, {
        strategy: 'oneForOne',
        children: [serverSpec(setup)],
      });
    },
    restart: 'transient',
    shutdown: Infinity,
    type: 'supervisor',
    significant: false,
  };
}

/** A log is kept, and read by others: no token belongs into it. */
function printOnTerminal(url: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`observer ${url}\n`);
  }
}
