export {
  type Behaviour,
  type CallAnswer,
  childSpec,
  type ClientAnswer,
  define,
  type Disconnected,
  type ServerOf,
  start,
  type StartOptions,
  startLink,
  status,
} from './client/client.ts';
export type { ClientStatus } from './client/status.ts';
export {
  resilient,
  type ResilientOptions,
  type Status,
  type TypedResilientOptions,
} from './resilient/resilient.ts';
