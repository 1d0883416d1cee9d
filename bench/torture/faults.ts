import { setTimeout as delay } from 'node:timers/promises';

import type { Random } from '@reprise/sse/testing';

import type { Fault, Fleet, Sample } from './fleet.ts';
import { machineTime } from './machine-time.ts';
import type { NodeProcess } from './node-process.ts';
import type { PostgresDatabase, Ways } from './postgres-database.ts';

/** A sample that was taken during a fault. */
export interface FaultSample extends Sample {
  readonly fault: string;
}

/** The targets of the faults, and the measurements. */
export interface World {
  readonly fleet: Fleet;
  readonly random: Random;
  /** The name of the fault that is played. */
  fault: string;
  /** From a fault to a connection elsewhere. */
  readonly failovers: FaultSample[];
  /** Of the streams in a rolling restart. */
  readonly gaps: FaultSample[];
  /** The broken rules, a line each. */
  readonly problems: string[];
}

/** Ends when the fault does: then all nodes are to share the streams again. */
export type PlayFault = (world: World) => Promise<void>;

/** Faults of the processes, for each kind of database. */
export const nodeFaults: Readonly<Record<string, PlayFault>> = {
  'a node is killed': async (world) => {
    const node = oneOf(world);
    const fault = faultOf(node);
    await node.kill();
    await failsOver(world, fault);
    await world.fleet.add(node.name);
  },
  'a node is killed, and starts again at once': async (world) => {
    const node = oneOf(world);
    const fault = faultOf(node);
    await node.kill();
    await world.fleet.add(node.name);
    await failsOver(world, fault);
  },
  'a node is stopped for T/4': (world) => stopFor(world, world.fleet.ttl / 4),
  'a handler holds the thread for 1.5 T': async (world) => {
    await oneOf(world).hold(1.5 * world.fleet.ttl);
    await delay(2 * world.fleet.ttl);
  },
  'a node joins, and leaves': async ({ fleet }) => {
    const guest = await fleet.add('guest');
    await fleet.settle();
    await guest.stop();
    fleet.nodes.delete(guest.name);
  },
  'a node is killed while it leaves': async (world) => {
    const node = oneOf(world);
    node.signal('SIGTERM');
    await delay(world.random() * 300);
    const fault = faultOf(node);
    await node.kill();
    await failsOver(world, fault);
    await world.fleet.add(node.name);
  },
  'a rolling deploy': async (world) => {
    const { fleet, gaps, problems } = world;
    const from = machineTime();
    for (const name of fleet.nodes.keys()) {
      const node = fleet.node(name);
      const { status, signal } = await node.stop();
      if (status !== 0) {
        problems.push(`${node.life} left with ${signal ?? `status ${status}`}: ${node.stderr}`);
      }
      await fleet.add(name);
      await fleet.settle();
    }
    gaps.push(...during(world, fleet.gapsSince(from)));
  },
};

/** The server of the database, as far as the torture breaks it. */
export interface Server {
  stop(signal: 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
}

/** Faults of the database, of the ways to it, and of nodes inside a transaction. */
export function databaseFaults(
  database: PostgresDatabase,
  server: Server,
): Readonly<Record<string, PlayFault>> {
  const oneWay = (world: World): Ways & { readonly fault: Fault } => {
    const node = oneOf(world);
    return { ...database.ways(node.name), fault: faultOf(node) };
  };
  return {
    'a node is stopped for 2 T': async (world) => {
      const node = oneOf(world);
      const fault = faultOf(node);
      node.signal('SIGSTOP');
      await Promise.all([failsOver(world, fault), delay(2 * world.fleet.ttl)]);
      node.signal('SIGCONT');
    },
    'a node is stopped for about T': (world) =>
      stopFor(world, (0.9 + 0.2 * world.random()) * world.fleet.ttl),
    'a lease connection hangs, and new ones are well': async (world) => {
      oneWay(world).lease.swallow('both');
      await delay(world.fleet.ttl);
    },
    'the answers to a lease connection are lost': async (world) => {
      oneWay(world).lease.swallow('answers');
      await delay(world.fleet.ttl);
    },
    'a node is cut off from the database for 2 T': async (world) => {
      const { lease, pool, fault } = oneWay(world);
      for (const proxy of [lease, pool]) {
        proxy.swallow('both');
        proxy.swallowsNew = 'both';
      }
      await Promise.all([failsOver(world, fault), delay(2 * world.fleet.ttl)]);
      lease.swallowsNew = 'nothing';
      pool.swallowsNew = 'nothing';
    },
    'all connections of a node are reset': async (world) => {
      const { lease, pool } = oneWay(world);
      lease.cut();
      pool.cut();
      await delay(world.fleet.ttl / 4);
    },
    'the database is killed, and starts again at once': async () => {
      await server.stop('SIGKILL');
      await server.start();
    },
    'the database is away for 1.5 T': async ({ fleet }) => {
      await server.stop('SIGKILL');
      await delay(1.5 * fleet.ttl);
      await server.start();
    },
    'all connections are terminated': () => database.terminateAll(),
  };
}

function oneOf({ fleet, random }: World): NodeProcess {
  const nodes = [...fleet.nodes.values()];
  const node = nodes[Math.floor(random() * nodes.length)];
  if (node === undefined) {
    throw new Error('Expected a fleet with nodes, got none');
  }
  return node;
}

function faultOf({ life }: NodeProcess): Fault {
  return { node: life, at: machineTime() };
}

async function failsOver(world: World, fault: Fault): Promise<void> {
  world.failovers.push(...during(world, await world.fleet.elsewhere(fault)));
}

function during({ fault }: World, samples: readonly Sample[]): readonly FaultSample[] {
  return samples.map((sample) => ({ ...sample, fault }));
}

async function stopFor(world: World, ms: number): Promise<void> {
  const node = oneOf(world);
  node.signal('SIGSTOP');
  await delay(ms);
  node.signal('SIGCONT');
}
