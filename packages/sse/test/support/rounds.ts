/**
 * `node --conditions=@reprise/source rounds.ts URL COUNT`: connects and stops that often, prints
 * the resources that are left, and ends by itself.
 */
import { createSystem, GenServer, normal } from '@reprise/actor';

import { connect, noreply, SseClient, stop } from '../../src/index.ts';

const [url = '', count = ''] = process.argv.slice(2);
const system = createSystem();
let warnings = 0;
process.on('warning', () => (warnings += 1));

for (let round = 0; round < Number(count); round += 1) {
  await connectAndStop(round % 2 === 0 ? 'inside' : 'outside');
}
for (let turn = 0; turn < 10; turn += 1) {
  await new Promise(setImmediate);
}
const open = process.getActiveResourcesInfo();
const number = (type: string): number => open.filter((name) => name === type).length;
console.log(
  `open sockets: ${number('TCPSocketWrap')}, timers: ${number('Timeout')}, warnings: ${warnings}`,
);

/** Stops while it handles an event, or is stopped while it is connected. */
async function connectAndStop(where: 'inside' | 'outside'): Promise<void> {
  const called = Promise.withResolvers<void>();
  const pid = await SseClient.start(
    system,
    SseClient.define({
      init: () => connect({ url }, undefined),
      handleConnect: (_response, state) => noreply(state),
      handleConnectFailure: (failure) => {
        throw new Error(failure.type);
      },
      handleDisconnect: (_disconnected, state) => noreply(state),
      handleEvent: (_event, state) => {
        called.resolve();
        return where === 'inside' ? stop(normal, state) : state;
      },
    }),
    undefined,
  );
  await called.promise;
  if (where === 'outside') {
    await GenServer.stop(pid);
  }
}
