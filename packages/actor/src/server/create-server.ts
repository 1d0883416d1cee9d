import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { type KeysOf } from '../known-keys.ts';
import { type Name, type Via, ViaAddress } from '../process/address.ts';
import type { Cell } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { alreadyStarted, undef } from '../process/exit-reason.ts';
import { BoundedMailbox, type MailboxOptions } from '../process/mailbox.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { register, whereis } from '../process/register.ts';
import { parentOf } from '../process/spawn.ts';
import type { AnyBehaviour, ArgOf, IgnoredOf, ServerOf } from './behaviour.ts';
import { assertCallbacks, callbackKeys } from './callbacks.ts';
import { ServerProcess } from './server-process.ts';

export interface StartOptions {
  /**
   * A name in the system, or a key in a registry: see `Registry.via`. It is free again when the
   * server ends.
   */
  readonly name?: string | Name | Via;
  /** Limits how many messages may wait. Default: no limit. */
  readonly mailbox?: MailboxOptions;
  /** How long `init` may take, in ms, before the server is killed. Default: `Infinity`. */
  readonly timeout?: number;
}

export const startKeys: KeysOf<StartOptions> = { name: true, mailbox: true, timeout: true };

/** `GenServer.start` and `GenServer.startLink`. */
export function startServer<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: ArgOf<B>,
  isLinked: boolean,
  options: StartOptions = {},
): Promise<ServerOf<B> | IgnoredOf<B>> {
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  try {
    const server = createServer(parentOf(parent), behaviour, arg, isLinked, options);
    return server.start(timeout) as Promise<ServerOf<B> | IgnoredOf<B>>;
  } catch (thrown) {
    // A caller learns of a failed start in one way: by the rejection.
    return Promise.reject(thrown);
  }
}

/** Behaviours with right callbacks: each is checked once, and not at every start. */
const checked = new WeakSet<AnyBehaviour>();

/**
 * A server with its name and its link, which has not run `init`.
 * @throws ExitError `undef` for a behaviour without `init`, `alreadyStarted` for a taken name
 */
export function createServer(
  parent: Cell,
  behaviour: AnyBehaviour,
  arg: unknown,
  isLinked: boolean,
  { name, mailbox }: StartOptions,
): ServerProcess {
  if (typeof behaviour?.init !== 'function') {
    throw new ExitError(undef('init'), 'start failed');
  }
  if (!checked.has(behaviour)) {
    assertCallbacks('GenServer', behaviour, callbackKeys);
    checked.add(behaviour);
  }
  const owner = name === undefined ? undefined : ownerOf(parent, name);
  if (owner !== undefined) {
    throw new ExitError(alreadyStarted(owner), `start of ${describe(String(name))}`);
  }
  const bounded = mailbox && new BoundedMailbox(mailbox);
  const server = new ServerProcess(parent, behaviour, arg, isLinked, bounded);
  if (isA(name, ViaAddress)) {
    name.register(server);
  } else if (name !== undefined) {
    register(parent, name as string | Name, server.pid);
  }
  if (isLinked) {
    parent.link(server);
  }
  return server;
}

function ownerOf(parent: Cell, name: string | Name | Via): Pid | undefined {
  return isA(name, ViaAddress) ? name.owner?.pid : whereis(parent, name as string | Name);
}
