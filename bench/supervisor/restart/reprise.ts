import { Console } from 'node:console';
import { Writable } from 'node:stream';

import { createSystem, DynamicSupervisor, GenServer, ok } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';

/**
 * A supervisor is replaced after this number of restarts: at each restart the BEAM's supervisor
 * goes through the list of all that still count, and a longer list makes it slower.
 */
const batch = 100;

type Fragile = GenServer.ServerOf<typeof fragile>;
const fragile = GenServer.define({
  init: (_: undefined, self) => {
    next.resolve(self.pid as Fragile);
    return ok(0);
  },
  handleCast: {
    crash: () => {
      throw new Error('oops');
    },
  },
});

/** The next child that starts. */
let next = Promise.withResolvers<Fragile>();
let restarted = 0;
let reports = 0;

// Reports go through the default logger, which formats them for the console. This console counts
// the texts and drops them.
globalThis.console = new Console({
  stdout: process.stdout,
  stderr: new Writable({
    decodeStrings: false,
    write(_text: string, _encoding, done) {
      reports += 1;
      done();
    },
  }),
});

const system = createSystem();
const spec = GenServer.childSpec(fragile, undefined, { id: 'fragile' });

await measureRate({
  batch,
  async run() {
    const supervisor = await DynamicSupervisor.startLink(system, { maxRestarts: batch });
    await DynamicSupervisor.startChild(supervisor, spec);
    for (let restarts = 0; restarts < batch; restarts++) {
      const child = await next.promise;
      next = Promise.withResolvers();
      GenServer.cast(child, 'crash');
      await next.promise;
      restarted += 1;
    }
    await DynamicSupervisor.stop(supervisor);
    next = Promise.withResolvers();
  },
  // A crash makes two reports: one by the process with the reason, one by the supervisor with the
  // child.
  handled: () => Math.min(restarted, reports / 2),
});
await system.stop();
