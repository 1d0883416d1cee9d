import { isA } from '../brand.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { type Destination, destinationText, find } from '../process/address.ts';
import { nameOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { callbackFailed, noproc } from '../process/exit-reason.ts';
import { refusalOf } from '../server/call-refusal.ts';
import { SystemRequest } from '../server/messages.ts';
import { ServerProcess } from '../server/server-process.ts';

export interface SysOptions {
  /** In ms. Default: 5,000. `Infinity`: no timeout. */
  readonly timeout?: number;
}

export const sysKeys: KeysOf<SysOptions> = { timeout: true };

type ServerFunction<Value> = (server: ServerProcess) => Value;

/** Runs `act` in the turn of a server, and resolves with its result. */
export function query<Value>(
  server: Destination,
  name: string,
  act: ServerFunction<Value>,
  options?: SysOptions,
): Promise<Value> {
  return submit(server, name, options, (...to) => new Query(name, act, ...to));
}

/** Runs `act` in the turn of a server, and resolves just before that. */
export function command(
  server: Destination,
  name: string,
  act: ServerFunction<void>,
  options?: SysOptions,
): Promise<void> {
  return submit(server, name, options, (...to) => new Command(name, act, ...to));
}

function submit<Value>(
  server: Destination,
  name: string,
  options: SysOptions = {},
  create: (...to: ConstructorParameters<typeof SystemRequest>) => SystemRequest,
): Promise<Value> {
  assertKnownKeys(`sys.${name}`, options, sysKeys);
  const { timeout = 5000 } = options;
  assertTimeout(timeout);
  const cell = find(server);
  const caller = cell?.runtime.current;
  const refusal = refusalOf(cell, caller);
  if (cell === undefined || refusal !== undefined) {
    return Promise.reject(
      new ExitError(refusal ?? noproc, `sys.${name} of ${destinationText(server)}`),
    );
  }
  const message = create(cell, caller);
  if (isA(cell, ServerProcess)) {
    cell.pushSystem(message);
  }
  // Any other process would never handle it: the request times out.
  message.expireAfter(timeout);
  return message.promise as Promise<Value>;
}

class Query<Value> extends SystemRequest {
  readonly #name: string;
  protected readonly act: ServerFunction<Value>;

  constructor(
    name: string,
    act: ServerFunction<Value>,
    ...to: ConstructorParameters<typeof SystemRequest>
  ) {
    super(...to);
    this.#name = name;
    this.act = act;
  }

  perform(server: ServerProcess): void {
    try {
      this.answer(this.act(server));
    } catch (error) {
      this.fail(callbackFailed(this.#name, error));
    }
  }

  protected what(): string {
    return `sys.${this.#name} of ${nameOf(this.server)}`;
  }
}

class Command extends Query<void> {
  override perform(server: ServerProcess): void {
    this.answer(undefined);
    this.act(server);
  }
}
