import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';

import { assertFunction, assertThat, assertWhole } from '../arguments/assert.ts';
import type { Source } from '../choices/choices.ts';
import { assertTape, type Tape } from '../choices/tape.ts';
import { Engine } from '../engine/engine.ts';
import type { Order } from '../engine/swarm.ts';
import type { Violation } from '../engine/violation.ts';
import { Network } from '../network/network.ts';
import { Origins } from '../origin/origins.ts';
import { type Program, type Simulation, startProgram } from '../simulation.ts';
import { Sockets } from '../sockets/sockets.ts';
import type { TraceEntry } from '../trace/trace.ts';
import type { EscapeKind } from '../world/escape-kind.ts';
import { Escapes } from '../world/escapes.ts';
import { enterWorld } from '../world/world.ts';
import { assertProgramOptions, type ProgramOptions, programKeys } from './program-options.ts';

/** One run of a program. */
export interface SeedOptions extends ProgramOptions {
  /** `{ seed }`, a whole number from 0 on, or `{ tape }`, the draws of an earlier run. */
  readonly source: Source;
  /** How many of the last steps the trace keeps; `Infinity`: all. Default: 50. */
  readonly keep?: number;
}

const seedKeys: KeysOf<SeedOptions> = { ...programKeys, source: true, keep: true };

/** How one run ended. */
export interface SeedResult {
  /** Why the run failed; `undefined` if it did not. */
  readonly violation: Violation | undefined;
  /** The running hash of all steps, as 16 hexadecimal digits. */
  readonly hash: string;
  /** How many steps the run took. */
  readonly steps: number;
  /** How many draws the run made. */
  readonly draws: number;
  /** All draws of the run; made when it is read. */
  readonly tape: Tape;
  /** Whether the tape does not fit the program: it is of another version. */
  readonly isMisfit: boolean;
  /** The last steps, oldest first: as many as `keep`. */
  readonly trace: readonly TraceEntry[];
  /** The conditions of `sometimes`, and whether they were true. */
  readonly reached: ReadonlyMap<string, boolean>;
  /** How turns were picked; `oldest` is the order of production. */
  readonly order: Order;
  /** The kinds of `allow` that the program has used: a seed does not repeat them. */
  readonly escapes: readonly EscapeKind[];
  /** The virtual time, in ms. */
  readonly time: number;
}

let isRunning = false;

/**
 * Runs a program once, and resolves with the result, also if the run failed. Only one run is
 * possible at a time in a thread.
 * @throws TypeError for a wrong option
 * @throws Error if another run goes on
 */
export async function runSeed(program: Program, options: SeedOptions): Promise<SeedResult> {
  if (isRunning) {
    throw new Error('Expected one simulation at a time, got a second one beside it');
  }
  assertSeedOptions(program, options);
  isRunning = true;
  const { allow = [] } = options;
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

function assertSeedOptions(program: unknown, options: SeedOptions): void {
  assertFunction('the program', program);
  assertKnownKeys('runSeed', options, seedKeys);
  assertProgramOptions('runSeed', options);
  assertWhole('keep', options.keep === Infinity ? undefined : options.keep, 0);
  const { seed, tape } = (options.source ?? {}) as {
    readonly seed?: unknown;
    readonly tape?: unknown;
  };
  const isOne = (seed === undefined) !== (tape === undefined);
  assertThat(isOne, 'Expected `source` to be `{ seed }` or `{ tape }`', options.source);
  assertWhole('source.seed', seed, 0);
  if (tape !== undefined) {
    assertTape('source.tape', tape);
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
