export type { Tape } from './choices/tape.ts';
export type { Faults, Order } from './engine/swarm.ts';
export type { Violation, ViolationKind } from './engine/violation.ts';
export { runSeed, type SeedOptions, type SeedResult } from './run/seed-run.ts';
export type { Program, RunOptions, Simulation } from './simulation.ts';
export type { TraceEntry, StepKind } from './trace/trace.ts';
export type { EscapeKind } from './world/escape-kind.ts';
