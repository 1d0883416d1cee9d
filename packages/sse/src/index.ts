export {
  type EventIterator,
  events,
  type EventsOptions,
  eventStream,
  type TypedEventsOptions,
} from './events.ts';
export type { Cursor, CursorOptions, CursorReport } from './cursor.ts';
export type { CursorStore } from './cursor-store.ts';
export { ServerSentEvent } from './event.ts';
export {
  type ConnectFailure,
  type Disconnect,
  type EventStreamResponse,
  formatFailure,
  type ResponseHead,
} from './failure.ts';
export { clientMachine } from './machine.ts';
export { type Connect, connect, type Reconnect, reconnect, type RequestSource } from './next.ts';
export { createPacketState, handlePacket, type PacketState } from './parser.ts';
export {
  type Backoff,
  clampRetry,
  classify,
  nextDelay,
  nextRedirectDelay,
  parseRetryAfter,
  type Verdict,
} from './policy.ts';
export type { SseRequest } from './request.ts';
export { type EventSchemas, type InvalidEvent, type TypedEvent } from './typed-events.ts';
export * as SseClient from './sse-client.ts';
export { ignore, noreply, ok, reply, stop } from '@reprise/actor';
export { sqlite, type SqliteOptions } from './sqlite.ts';
