/**
 * `node program.ts PROCESSES STREAMS URL`, with an IPC channel: a service with so many processes
 * and streams, and an observer. It sends the URL of the page once all streams have had an event;
 * the message `measure N` answers with the CPU time and the events of the next N ms.
 */
import { setTimeout as after } from 'node:timers/promises';

import { createSystem, GenServer, noreply, ok, Supervisor } from '@reprise/actor';
import { observer } from '@reprise/observer';
import { SseClient } from '@reprise/sse';

export interface Ready {
  readonly url: string;
}

export interface Measured {
  /** In ms. */
  readonly cpu: number;
  readonly events: number;
}

const [processes = 0, streams = 0] = process.argv.slice(2, 4).map(Number);
const url = process.argv[4] ?? '';
/** How many children a supervisor has here. */
const group = 50;
let events = 0;
let heard = 0;

const idle = GenServer.define({
  init: () => ok(0),
  handleInfo: (_: unknown, count) => noreply(count),
});

const { promise: allHeard, resolve: hear } = Promise.withResolvers<undefined>();
const { promise: announced, resolve: announce } = Promise.withResolvers<string>();

const system = createSystem();
await Supervisor.startLink(system, {
  strategy: 'oneForOne',
  name: 'bench',
  children: [
    ...groups('idle', processes, (id) => GenServer.childSpec(idle, undefined, { id })),
    ...groups('streams', streams, (id) => {
      let isFirst = true;
      return SseClient.resilient({
        id,
        url,
        handle: ({ data }) => {
          events += 1;
          JSON.parse(data);
          if (isFirst) {
            isFirst = false;
            heard += 1;
            if (heard === streams) {
              hear(undefined);
            }
          }
        },
      });
    }),
    observer({ port: 0, announce }),
  ],
});
await allHeard;

process.on('message', (ms: number) => {
  void measure(ms);
});
process.send?.({ url: await announced } satisfies Ready);

async function measure(ms: number): Promise<void> {
  const before = events;
  const cpu = process.cpuUsage();
  await after(ms);
  const { user, system: inKernel } = process.cpuUsage(cpu);
  process.send?.({ cpu: (user + inKernel) / 1000, events: events - before } satisfies Measured);
}

function groups(
  name: string,
  count: number,
  spec: (id: string) => Parameters<typeof Supervisor.childSpec>[0]['children'][number],
) {
  return Array.from({ length: Math.ceil(count / group) }, (_, at) =>
    Supervisor.childSpec({
      id: `${name} ${at}`,
      strategy: 'oneForOne',
      children: Array.from({ length: Math.min(group, count - at * group) }, (_unused, place) =>
        spec(`${name} ${at * group + place}`),
      ),
    }),
  );
}
