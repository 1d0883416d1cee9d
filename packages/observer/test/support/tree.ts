import {
  type ChildOptions,
  type ChildSpec,
  type ExitReason,
  GenServer,
  link,
  ok,
  type Pid,
  spawn,
  stop,
  Supervisor,
} from '@reprise/actor';
import { settle, type TestSystem } from '@reprise/actor/testing';

/** A server that ends with the reason it is sent. `plan`: reasons for which its starts fail. */
const worker = GenServer.define({
  init: (plan: (ExitReason | undefined)[]) => {
    const failure = plan.shift();
    return failure === undefined ? ok(plan) : stop(failure);
  },
  handleCast: {
    end: (reason: ExitReason, plan) => stop(reason, plan),
    fail: (message: string) => {
      throw new Error(message);
    },
  },
});
export type Worker = GenServer.ServerOf<typeof worker>;

export const child = <const Id extends string>(
  id: Id,
  options: Partial<ChildOptions> & { readonly plan?: (ExitReason | undefined)[] } = {},
): ChildSpec<Id, Worker> => {
  const { plan = [], ...rest } = options;
  return GenServer.childSpec(worker, plan, { ...rest, id }) as ChildSpec<Id, Worker>;
};

export async function fail(system: TestSystem, pid: Pid, message: string): Promise<void> {
  GenServer.cast(pid as Worker, 'fail', message);
  await settle(system);
}

export async function end(system: TestSystem, pid: Pid, reason: ExitReason): Promise<void> {
  GenServer.cast(pid as Worker, 'end', reason);
  await settle(system);
}

/** A process that is linked to all of these: they end together. */
export function linked(system: TestSystem, pids: readonly Pid[]): Pid {
  return spawn(system, (self) => {
    for (const pid of pids) {
      link(self, pid);
    }
    return self.receive();
  });
}

export const start = (
  system: TestSystem,
  children: readonly ChildSpec[],
  options: Partial<Supervisor.Options> = {},
): Promise<Supervisor.Pid> =>
  Supervisor.startLink(system, {
    strategy: 'oneForOne',
    maxRestarts: 1_000_000,
    name: 'app',
    ...options,
    children,
  }) as Promise<Supervisor.Pid>;
