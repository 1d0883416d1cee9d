export {
  type EventIterator,
  events,
  type EventsOptions,
  eventStream,
  type TypedEventsOptions,
} from './iterator/events.ts';
export { GaveUpError } from './iterator/gave-up-error.ts';
export type { CursorReport } from './cursor/cursor.ts';
export type { Cursor, CursorOptions, CursorRecovery, HandledEvent } from './cursor/options.ts';
export type { CursorOf } from './cursor/own-place.ts';
export type { CursorStore } from './cursor/store.ts';
export { streamKey } from './cursor/stream-key.ts';
export { ServerSentEvent } from './format/event.ts';
export type {
  ConnectFailure,
  Disconnect,
  EventStreamResponse,
  ResponseHead,
} from './http/failure.ts';
export { formatFailure } from './http/format-failure.ts';
export type { HandleContext, RequestContext } from './client/context.ts';
export { clientMachine } from './client/machine.ts';
export {
  type Connect,
  connect,
  type Reconnect,
  reconnect,
  type Redeliver,
  redeliver,
  type RequestSource,
} from './client/next.ts';
export { createPacketState, handlePacket, type PacketState } from './format/parser.ts';
export type { Gap, GapOf } from './resilient/gap.ts';
export {
  type ReconnectDelay,
  clampRetry,
  classify,
  nextDelay,
  parseRetryAfter,
  type Verdict,
} from './resilient/policy.ts';
export type { SseRequest } from './http/request.ts';
export { type EventSchemas, type InvalidEvent, type TypedEvent } from './format/typed-events.ts';
export * as SseClient from './sse-client.ts';
export {
  Application,
  type ChildSpec,
  crash,
  createSystem,
  GenServer,
  ignore,
  name,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  reply,
  send,
  shutdown,
  stop,
  Supervisor,
  type System,
} from '@reprise/actor';
export { sqlite, type SqliteOptions } from './cursor/sqlite.ts';
