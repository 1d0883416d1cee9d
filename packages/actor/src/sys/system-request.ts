import { isA } from '../brand.ts';
import { assertTimeout } from '../host/timers.ts';
import { type Destination, find } from '../process/address.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { callbackFailed, noproc } from '../process/exit-reason.ts';
import { refusalOf } from '../server/call-refusal.ts';
import { SystemRequest } from '../server/messages.ts';
import { ServerProcess } from '../server/server-process.ts';

export interface SysOptions {
  /** In ms. Default: 5,000. `Infinity`: no timeout. */
  readonly timeout?: number;
}

type ServerFunction<Value> = (server: ServerProcess) => Value;

/** Runs `act` in the turn of a server, and resolves with its result. */
export function query<Value>(
  server: Destination,
  name: string,
  act: ServerFunction<Value>,
  options?: SysOptions,
): Promise<Value> {
  return submit(server, name, options, (cell, timeout) => new Query(cell, timeout, name, act));
}

/** Runs `act` in the turn of a server, and resolves just before that. */
export function command(
  server: Destination,
  name: string,
  act: ServerFunction<void>,
  options?: SysOptions,
): Promise<void> {
  return submit(server, name, options, (cell, timeout) => new Command(cell, timeout, name, act));
}

function submit<Value>(
  server: Destination,
  name: string,
  { timeout = 5000 }: SysOptions = {},
  create: (cell: Cell, timeout: number) => SystemRequest,
): Promise<Value> {
  assertTimeout(timeout);
  const cell = find(server);
  const refusal = refusalOf(cell, cell?.runtime.scheduler.current);
  if (cell === undefined || refusal !== undefined) {
    return Promise.reject(new ExitError(refusal ?? noproc, `sys.${name} of ${String(server)}`));
  }
  const message = create(cell, timeout);
  if (isA(cell, ServerProcess)) {
    cell.pushSystem(message);
  }
  // Any other process would never handle it: the request times out.
  message.expireIfDue(timeout);
  return message.promise as Promise<Value>;
}

class Query<Value> extends SystemRequest {
  readonly #name: string;
  protected readonly act: ServerFunction<Value>;

  constructor(cell: Cell, timeout: number, name: string, act: ServerFunction<Value>) {
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

class Command extends Query<void> {
  override perform(server: ServerProcess): void {
    this.answer(undefined);
    this.act(server);
  }
}
