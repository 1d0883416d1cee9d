import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { ServerSentEvent } from '@reprise/sse';

import type { Source } from './source.ts';

/**
 * Runs a command in a shell for an event, and resolves when it has ended well. `input` is its
 * stdin; its output goes where that of the program goes. An aborted `signal` ends it.
 * @throws (rejects) Error with the exit status for any other end
 */
export async function runCommand(
  command: string,
  input: string,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env, signal });
  // A command need not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [status, ended] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (status !== 0) {
    throw new Error(`the command ended with ${ended ?? `status ${status}`}`);
  }
}

/** The environment of a command: that of the program without secrets, and the event's fields. */
export function environmentOf(source: Source, event: ServerSentEvent): NodeJS.ProcessEnv {
  const { REPRISE_BEARER: _, REPRISE_STORE: __, ...own } = process.env;
  return { ...own, ...fieldsOf(source, event) };
}

function fieldsOf(
  { name }: Source,
  { type, id, lastEventId }: ServerSentEvent,
): Readonly<Record<string, string>> {
  return {
    REPRISE_SOURCE: name,
    REPRISE_TYPE: withoutNull(type),
    REPRISE_ID: withoutNull(id ?? ''),
    REPRISE_LAST_EVENT_ID: withoutNull(lastEventId),
  };
}

/** The environment of a process cannot hold U+0000, which a server may send. */
function withoutNull(text: string): string {
  return text.replaceAll('\0', '');
}
