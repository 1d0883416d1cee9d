import type { ExitMessage } from './process.ts';

/** Whether a message is an exit signal. It may be anything, also an object that cannot be read. */
export function isExit(message: unknown): message is ExitMessage {
  try {
    return (message as Partial<ExitMessage> | null | undefined)?.type === 'EXIT';
  } catch {
    return false;
  }
}
