import { assertTimeout } from '../host/timers.ts';
import { type Destination, find } from '../process/address.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { callbackFailed, callingSelf, type ExitReason, noproc } from '../process/exit-reason.ts';
import { SystemRequest } from '../server/messages.ts';
import { ServerProcess } from '../server/server-process.ts';

export interface SysOptions {
  /** In ms. Default: 5,000. `Infinity` waits as long as the process lives. */
  readonly timeout?: number;
}

type Act<Value> = (server: ServerProcess) => Value;

/** Lets a server do `act` in its turn, and resolves with what that returns. */
export function ask<Value>(
  server: Destination,
  name: string,
  act: Act<Value>,
  options?: SysOptions,
): Promise<Value> {
  return put(server, name, options, (cell, timeout) => new Ask(cell, timeout, name, act));
}

/** Lets a server do `act` in its turn, and resolves just before it does. */
export function order(
  server: Destination,
  name: string,
  act: Act<void>,
  options?: SysOptions,
): Promise<void> {
  return put(server, name, options, (cell, timeout) => new Order(cell, timeout, name, act));
}

function put<Value>(
  server: Destination,
  name: string,
  { timeout = 5000 }: SysOptions = {},
  create: (cell: Cell, timeout: number) => SystemRequest,
): Promise<Value> {
  assertTimeout(timeout);
  const cell = find(server);
  const refusal = refusalOf(cell);
  if (cell === undefined || refusal !== undefined) {
    return Promise.reject(new ExitError(refusal ?? noproc, `sys.${name} of ${String(server)}`));
  }
  const request = create(cell, timeout);
  if (cell instanceof ServerProcess) {
    cell.pushSystem(request);
  }
  // Any other process would never look at it.
  request.expireIfDue(timeout);
  return request.promise as Promise<Value>;
}

function refusalOf(cell: Cell | undefined): ExitReason | undefined {
  if (cell === undefined || !cell.isAlive) {
    return noproc;
  }
  return cell.runtime.scheduler.current === cell ? callingSelf : undefined;
}

class Ask<Value> extends SystemRequest {
  readonly #name: string;
  protected readonly act: Act<Value>;

  constructor(cell: Cell, timeout: number, name: string, act: Act<Value>) {
    super(cell, timeout);
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

class Order extends Ask<void> {
  override perform(server: ServerProcess): void {
    this.answer(undefined);
    this.act(server);
  }
}
