export { chaos, type ChaosEntry, type ChaosOptions, type ChaosServer } from './chaos/chaos.ts';
export type { Fault, FaultBeforeStream, FaultInStream } from './chaos/fault.ts';
export { jumpingClock, type JumpingClock } from './chaos/jumping-clock.ts';
export type { NumberedData } from './chaos/numbered-event.ts';
export {
  type ChaosConnection,
  type Choice,
  type FaultPlan,
  inOrder,
  transientFaults,
  weighted,
} from './chaos/plan.ts';
export { type Random, randomOf } from './chaos/random.ts';
export type { ChaosStream } from './chaos/stream.ts';
export {
  type Exchange,
  type ExchangeHandlers,
  type ExchangeResponse,
  type OutgoingRequest,
  provideTransport,
  type Transport,
} from './http/transport.ts';
