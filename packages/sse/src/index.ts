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
export { clampRetry, classify, nextDelay, parseRetryAfter } from './policy.ts';
export type { SseRequest } from './request.ts';
export * as SseClient from './sse-client.ts';
export { ignore, noreply, ok, reply, stop } from '@reprise/actor';
