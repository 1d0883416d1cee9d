import type { Source } from '../choices/choices.ts';
import type { Tape } from '../choices/tape.ts';
import { Engine } from '../engine/engine.ts';
import type { Faults, Order } from '../engine/swarm.ts';
import type { Violation } from '../engine/violation.ts';
import { Network } from '../network/network.ts';
import { Origins } from '../origin/origins.ts';
import { type Program, type Simulation, startProgram } from '../simulation.ts';
import { Sockets } from '../sockets/sockets.ts';
import type { TraceEntry } from '../trace/trace.ts';
import { assertKinds, type EscapeKind } from '../world/escape-kind.ts';
import { Escapes } from '../world/escapes.ts';
import { enterWorld } from '../world/world.ts';

export interface SeedOptions {
  readonly source: Source;
  /** Default: none. */
  readonly faults?: Faults;
  /** Whether turns keep the order of production. Default: in half of all seeds. */
  readonly isOrdered?: boolean;
  /** Default: 200,000. */
  readonly maxSteps?: number;
  /** What the program may use outside of the simulation. Default: nothing. */
  readonly allow?: readonly EscapeKind[];
  /** How many steps of the trace are kept. Default: the last 50. */
  readonly keep?: number;
}

/** How one run ended. */
export interface SeedResult {
  /** `undefined` if everything held. */
  readonly violation: Violation | undefined;
  readonly hash: string;
  readonly steps: number;
  readonly draws: number;
  /** Everything that was drawn; made when it is asked for. */
  readonly tape: Tape;
  /** Whether the tape does not fit the program: it is of another version. */
  readonly isMisfit: boolean;
  readonly trace: readonly TraceEntry[];
  /** The conditions of `sometimes`, and whether they were reached. */
  readonly reached: ReadonlyMap<string, boolean>;
  readonly order: Order;
  /** What of `allow` the program has used: a seed does not repeat that. */
  readonly escapes: readonly EscapeKind[];
  /** The virtual time, in ms. */
  readonly time: number;
}

let isRunning = false;

/** Runs a program once. Only one run is possible at a time in a thread. */
export async function runSeed(program: Program, options: SeedOptions): Promise<SeedResult> {
  if (isRunning) {
    throw new Error('Expected one simulation at a time, got a second one beside it');
  }
  const { allow = [] } = options;
  assertKinds(allow);
  isRunning = true;
  const { source, faults = {}, isOrdered = false, maxSteps = 200_000, keep = 50 } = options;
  const engine = new Engine({ source, faults, isOrdered, maxSteps, keep });
  const escapes = new Escapes(engine, allow);
  const network = new Network(engine);
  const servers = { origins: new Origins(engine, network), sockets: new Sockets(engine, network) };
  const leaveWorld = enterWorld(engine, escapes, servers);
  try {
    const sim = startProgram(engine, servers, program);
    await engine.run();
    return resultOf(engine, sim, escapes);
  } finally {
    leaveWorld();
    isRunning = false;
  }
}

function resultOf(engine: Engine, sim: Simulation, { used }: Escapes): SeedResult {
  const { choices, trace, violation, swarm } = engine;
  return {
    violation,
    hash: trace.hash,
    steps: trace.length,
    draws: choices.count,
    get tape() {
      return choices.tape;
    },
    isMisfit: choices.isMisfit,
    trace: trace.entries,
    reached: sim.reached,
    order: swarm.order,
    escapes: [...used],
    time: engine.now / 1000,
  };
}
