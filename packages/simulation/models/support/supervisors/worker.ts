import {
  exit,
  ExitError,
  type ExitReason,
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  type Receiver,
  register,
  sleep,
  spawnLink,
  stop,
  trapExit,
  whereis,
} from '@reprise/actor';

import type { Child, Family } from './family.ts';
import type { WorkerPlan } from './plan.ts';

/** An order to a worker. */
export type Order =
  | { readonly type: 'end'; readonly reason: ExitReason }
  /** It sends its supervisor an exit signal, and runs on. */
  | { readonly type: 'forge'; readonly reason: ExitReason };

/** Told of the events of workers. */
export interface Registrar {
  born(family: Family, child: Child, self: Process): void;
  /** It is asked to shut down, and may take its time. */
  asked(family: Family, child: Child): void;
  /** How the next start of the child fails; `undefined` if it does not. */
  failureOf(child: Child): ExitReason | undefined;
}

interface Post {
  readonly registrar: Registrar;
  readonly family: Family;
  readonly child: Child;
  readonly plan: WorkerPlan;
}

/** Starts the process of a worker. Its name is its id. */
export async function startWorker(parent: Process, post: Post): Promise<Pid> {
  const { registrar, plan, child } = post;
  if (plan.isServer) {
    return GenServer.startLink(parent, server, post, { name: child.id });
  }
  const failure = registrar.failureOf(child);
  if (failure !== undefined) {
    throw new ExitError(failure, `the start of ${child.id}`);
  }
  return spawnLink<Order>(parent, (self) => work(self, post));
}

async function work(self: Receiver<Order>, { registrar, family, child }: Post): Promise<void> {
  registrar.born(family, child, self);
  if (whereis(self.system, child.id) === undefined) {
    register(self.system, child.id, self.pid);
  }
  for (;;) {
    const { type, reason } = await self.receive();
    if (type === 'end') {
      exit(self, reason);
    } else {
      exit(self, family.pid, reason);
    }
  }
}

const server = GenServer.define({
  init: (post: Post, self) => {
    const { registrar, family, child, plan } = post;
    registrar.born(family, child, self);
    trapExit(self, plan.trapsExits);
    const failure = registrar.failureOf(child);
    const answer = failure === undefined ? ok(post) : stop(failure);
    return plan.rise === 0 ? answer : sleep(self, plan.rise).then(() => answer);
  },
  handleInfo: (order: Order, post, self) => {
    if (order.type === 'end') {
      return stop(order.reason, post);
    }
    if (order.type === 'forge') {
      exit(self, post.family.pid, order.reason);
    }
    return noreply(post);
  },
  terminate: (reason, { registrar, family, child, plan }, self) => {
    if (reason.type === 'shutdown' && reason.detail === undefined) {
      registrar.asked(family, child);
    }
    return plan.farewell === 0 ? undefined : sleep(self, plan.farewell);
  },
});
