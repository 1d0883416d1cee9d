import { createServer, get } from 'node:http';

import { expect, test } from '@jest/globals';
import { Supervisor } from '@reprise/actor';
import type { Program, Simulation, SimulatedNode } from '@reprise/simulation';
import { runSeed } from '@reprise/simulation';
import { SseClient } from '@reprise/sse';

import { runSeeds } from '../support/seeds.ts';

/** A node that handles the events of `http://prices/` until it has six of them. */
async function follow(
  sim: Simulation,
  got: (node: SimulatedNode) => Partial<SseClient.ResilientOptions>,
): Promise<readonly string[]> {
  const handled: string[] = [];
  sim.node('reader', async (node) => {
    const feed = SseClient.resilient({
      id: 'feed',
      url: 'http://prices/',
      handle: ({ id, type, data }) => void handled.push(`${id} ${type} ${data}`),
      ...got(node),
    } as SseClient.ResilientOptions);
    await Supervisor.startLink(node.system, { strategy: 'oneForOne', children: [feed] });
  });
  await sim.run({ until: () => handled.length >= 6, within: 600_000 });
  return handled;
}

/** Answers with the two events after Last-Event-ID, and ends the stream a second later. */
const serve = (sim: Simulation): void => {
  sim.node('server', (node) => {
    const server = createServer((request, response) => {
      const from = Number(request.headers['last-event-id'] ?? 0);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`id: ${from + 1}\ndata: event ${from + 1}\n\nid: ${from + 2}\nda`);
      setTimeout(() => response.end(`ta: event ${from + 2}\n\n`), 1000);
    });
    sim.listen(node, 'prices', server);
  });
};

const overSockets =
  (told: (events: readonly string[]) => void = () => undefined): Program =>
  async (sim) => {
    serve(sim);
    await sim.sleep(1);
    told(await follow(sim, (node) => ({ got: { agent: { http: sim.agent(node) } } })));
  };

test('SIM-N05 a server of node:http and the client over simulated sockets: one seed, one hash', async () => {
  const seen = new Set<string>();
  for (let run = 0; run < 30; run += 1) {
    const { hash, steps, draws, violation } = await runSeed(overSockets(), { source: { seed: 5 } });
    expect(violation).toBeUndefined();
    seen.add(`${hash} ${steps} ${draws}`);
  }
  expect(seen.size).toBe(1);
  const others = await runSeeds(20, overSockets());
  expect(new Set(others.map(({ hash }) => hash)).size).toBe(20);
});

test('SIM-N05 the events over sockets are those of an origin with the same script', async () => {
  let events: readonly string[] = [];
  const { violation } = await runSeed(
    overSockets((told) => {
      events = told;
    }),
    { source: { seed: 1 } },
  );
  expect(violation).toBeUndefined();
  const atOrigin = await runSeed(
    async (sim) => {
      sim.origin('prices').produce(6);
      expect(await follow(sim, () => ({}))).toHaveLength(6);
    },
    { source: { seed: 1 } },
  );
  expect(atOrigin.violation).toBeUndefined();
  expect(events.map((event) => event.split(' ')[0])).toEqual(['1', '2', '3', '4', '5', '6']);
});

test('SIM-N05 with a link that was cut, and nodes that pause, every event comes, in order', async () => {
  const results = await runSeeds(
    20,
    async (sim) => {
      serve(sim);
      await sim.sleep(1);
      const followed = follow(sim, (node) => ({ got: { agent: { http: sim.agent(node) } } }));
      sim.cut('reader', 'server');
      await sim.sleep(5000);
      sim.release('reader', 'server');
      const events = await followed;
      expect(events.map((event) => event.split(' ')[0])).toEqual(['1', '2', '3', '4', '5', '6']);
    },
    { faults: { pause: true, clock: true, stall: true } },
  );
  expect(results.find(({ violation }) => violation !== undefined)?.violation).toBeUndefined();
});

/** How a plain request of node:http ends. */
function outcome(sim: Simulation, node: SimulatedNode, host: string): Promise<string> {
  return new Promise((resolve) => {
    get({ host, agent: sim.agent(node) }, (response) => {
      response.resume().once('end', () => {
        resolve(`${response.statusCode} ${response.headers.date}`);
      });
    }).once('error', (error) => {
      resolve(error.message);
    });
  });
}

test('a host that no server has refuses; a server tells the date of its node', async () => {
  const outcomes: string[] = [];
  const { violation } = await runSeed(
    async (sim) => {
      sim.node('server', (node) => {
        node.skew({ ahead: 3_600_000 });
        sim.listen(
          node,
          'prices',
          createServer((_, response) => void response.end('ok')),
        );
      });
      await sim.sleep(1);
      const reader = sim.node('reader', async (node) => [
        await outcome(sim, node, 'prices'),
        await outcome(sim, node, 'nowhere'),
      ]);
      await sim.run({ until: () => reader.value !== undefined, within: 10_000 });
      outcomes.push(...(reader.value ?? []));
    },
    { source: { tape: {} } },
  );
  expect(violation).toBeUndefined();
  expect(outcomes).toEqual(['200 Tue, 01 Jan 2030 01:00:00 GMT', 'ECONNREFUSED: nowhere']);
});

test('a server that writes to a reader that does not read waits, and goes on', async () => {
  let most = 0;
  const { violation } = await runSeed(
    async (sim) => {
      let isDone = false;
      sim.node('server', (node) => {
        const server = createServer((_, response) => {
          let sent = 0;
          const write = (): void => {
            while (sent < 64 && response.write(Buffer.alloc(65_536))) {
              sent += 1;
            }
            most = Math.max(most, response.writableLength);
            if (sent < 64) {
              sent += 1;
              response.once('drain', write);
            } else {
              response.end();
            }
          };
          write();
        });
        sim.listen(node, 'big', server);
      });
      await sim.sleep(1);
      let size = 0;
      sim.node('reader', (node) => {
        get({ host: 'big', agent: sim.agent(node) }, (response) => {
          setTimeout(() => {
            response.on('data', (bytes: Buffer) => {
              size += bytes.length;
            });
            response.once('end', () => {
              isDone = true;
            });
          }, 60_000);
        });
      });
      await sim.sleep(30_000);
      expect(size).toBe(0);
      await sim.run({ until: () => isDone, within: 600_000 });
      expect(size).toBe(64 * 65_536);
    },
    { source: { seed: 2 } },
  );
  expect(violation).toBeUndefined();
  expect(most).toBeLessThan(1_000_000);
});
