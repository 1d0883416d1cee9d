import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { cellOfProcess } from './cell.ts';
import { MonitorRef } from './monitor-ref.ts';
import { PriorityAlias } from './priority-alias.ts';
import type { Process } from './process.ts';
import type { AliasRef } from './signals.ts';

export interface AliasOptions {
  /** The alias expires after one message to it. Default: false, by `unalias` alone. */
  readonly reply?: boolean;
  /**
   * Messages that are sent to the alias with `{ priority: true }` go in front of the ordinary ones
   * in the mailbox of `self`. Default: false.
   */
  readonly priority?: boolean;
}

const aliasKeys: KeysOf<AliasOptions> = { reply: true, priority: true };

/**
 * An alias of `self`, without a monitor: an address to which others can send until it expires.
 * Messages after that are dropped, and so are those after the end of `self`.
 *
 * `priority` is for the few messages that must not wait behind a long mailbox. Give such an alias
 * only to the senders of such messages.
 * @throws TypeError for an unknown option
 * @see OTP manual, `erlang:alias/1`; EEP 76, "Priority Messages"
 * @example
 * ```ts
 * import { alias, type AliasRef, createSystem, send, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<AliasRef<string>>();
 * const worker = spawn<string>(system, async (self) => {
 *   resolve(alias(self, { priority: true }));
 *   await self.receive((text) => text === 'go');
 *   console.log(await self.receive(), await self.receive()); // stop job
 * });
 * const urgent = await promise;
 * send(worker, 'job');
 * send(urgent, 'stop', { priority: true });
 * send(worker, 'go');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function alias<Message = never>(
  self: Process,
  options: AliasOptions = {},
): AliasRef<Message> {
  assertKnownKeys('alias', options, aliasKeys);
  const { reply = false, priority = false } = options;
  const cell = cellOfProcess(self);
  const mode = reply ? 'replyDemonitor' : 'explicitUnalias';
  const ref = priority
    ? new PriorityAlias(cell, mode)
    : new MonitorRef(cell, { pid: cell.pid }, 'DOWN', mode);
  return ref as unknown as AliasRef<Message>;
}
