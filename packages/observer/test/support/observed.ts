import { createSystem, type Logger, type Pid, Supervisor, type System } from '@reprise/actor';

import { observer, type ObserverOptions } from '../../src/index.ts';

/** 132 bits. */
export const token = 'abcdefghijklmnopqrstuv';
export const bearer = { authorization: `Bearer ${token}` };

export interface Observed extends AsyncDisposable {
  readonly system: System;
  readonly top: Pid;
  /** With a slash at its end. */
  readonly url: string;
  readonly logged: readonly string[];
}

/** A system with an observer that listens, by `token` unless the options say otherwise. */
export async function observed(options: ObserverOptions = {}): Promise<Observed> {
  const logged: string[] = [];
  const log: Logger['warn'] = (_details, message) => void logged.push(message);
  const system = createSystem({
    logger: { error: log, warn: log },
    // On a busy machine any callback may be slow.
    slowCallback: Infinity,
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [observer({ port: 0, token, announce: resolve, ...options })],
  });
  const url = await promise;
  return { system, top, url, logged, [Symbol.asyncDispose]: () => system.stop() };
}
