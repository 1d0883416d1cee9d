export {
  type Behaviour,
  type CallAnswer,
  childSpec,
  type ClientAnswer,
  define,
  type Disconnected,
  type ServerOf,
  start,
  startLink,
} from './client.ts';
export { resilient, type ResilientOptions, type Status } from './resilient.ts';
