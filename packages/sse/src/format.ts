export { type EmptyEvent, type EventFields, type Parsed, ServerSentEvent } from './format/event.ts';
export {
  createPacketState,
  handlePacket,
  type PacketOptions,
  type PacketState,
} from './format/parser.ts';
export type { TooLarge } from './format/too-large.ts';
