export { limitRequests, type RequestLimits } from './budget/limits.ts';
export {
  type Behaviour,
  type CallAnswer,
  childSpec,
  type ClientAnswer,
  define,
  type Disconnected,
  type FailedEvent,
  type ServerOf,
  start,
  type StartOptions,
  startLink,
  status,
  stop,
} from './client/client.ts';
export type { ClientFact, Status } from './client/status.ts';
export {
  type BatchedResilientOptions,
  type FailedAnswer,
  type FailedContext,
  resilient,
  type ResilientOptions,
  type StatusChange,
  type TypedResilientOptions,
} from './resilient/resilient.ts';
