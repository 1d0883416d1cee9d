import {
  exit,
  ExitError,
  type ExitReason,
  Groups,
  isAlive,
  kill,
  type Process,
  register,
  Registry,
  sleep,
  unregister,
} from '@reprise/actor';

import { later } from '../later.ts';
import { duplicate, unique } from './directory.ts';
import { GroupView } from './group-view.ts';
import type { Order, Stage } from './stage.ts';

type Act = (stage: Stage, self: Process, order: Order) => void | Promise<void>;

/** An abnormal end without a report: a report is slow. */
const failed: ExitReason = { type: 'timeout' };
/** One for all: to make a stack is slow. */
const bug = new Error('a bug');

/** The acts of a process, on an order. The first is the tamest. */
export const acts: Readonly<Record<string, Act>> = {
  register: ({ directory, verdict }, self, { key, choice }) => {
    if (directory.isOpen(unique)) {
      const holder = directory.unique.add(key, self.pid);
      const result = Registry.register(self, unique.in(self), key, choice);
      const got = result.type === 'registered' ? undefined : result.pid;
      verdict.expect(
        got === holder,
        () => `${key} is ${String(holder)}'s, and not ${String(got)}'s`,
      );
    }
  },
  registerAgain: ({ directory }, self, { key, choice }) => {
    if (directory.isOpen(duplicate)) {
      directory.duplicate.add(key, self.pid);
      Registry.register(self, duplicate.in(self), key, choice);
    }
  },
  unregister: ({ directory }, self, { key }) => {
    if (directory.isOpen(unique)) {
      directory.unique.remove(key, self.pid);
      Registry.unregister(self, unique.in(self), key);
    }
  },
  unregisterAll: ({ directory }, self, { key }) => {
    if (directory.isOpen(duplicate)) {
      directory.duplicate.remove(key, self.pid);
      Registry.unregister(self, duplicate.in(self), key);
    }
  },
  startVia,
  lock,
  lockMore: lock,
  name: ({ directory: { names }, verdict }, self, { key }) => {
    const isFree = names.of(key).length === 0 && !names.pids.includes(self.pid);
    const isDone = succeeds(() => {
      register(self, key, self.pid);
    });
    verdict.expect(isDone === isFree, () => `the name ${key} was free: ${isFree}`);
    if (isFree) {
      names.add(key, self.pid);
    }
  },
  unname: ({ directory: { names }, verdict }, self, { key }) => {
    const [pid] = names.of(key);
    const isDone = succeeds(() => {
      unregister(self, key);
    });
    verdict.expect(isDone === (pid !== undefined), () => `the name ${key} was ${String(pid)}'s`);
    names.removeOnce(key, pid);
  },
  join: ({ directory }, self, { key, other, choice }) => {
    const pids = choice % 3 === 0 ? [self.pid, other, other] : [self.pid];
    for (const pid of pids.filter(isAlive)) {
      directory.groups.add(key, pid);
    }
    Groups.join(self, key, pids);
  },
  leave: ({ directory, verdict }, self, { key, other }) => {
    const wasIn = directory.groups.removeOnce(key, other);
    const hasLeft = Groups.leave(self, key, other);
    verdict.expect(hasLeft === wasIn, () => `${String(other)} was in ${key}: ${wasIn}`);
  },
  watch: ({ directory }, self, { key }) => {
    const { ref, members } = Groups.monitor(self, key);
    directory.views.set(ref, new GroupView(self.pid, key, members));
  },
  unwatch: ({ directory: { views } }, self) => {
    const [ref] = [...views.keys()].filter((one) => views.get(one)?.owner === self.pid);
    if (ref !== undefined) {
      views.delete(ref);
      Groups.demonitor(self, ref);
    }
  },
  // Messages wait meanwhile.
  rest: (_stage, self, { choice }) => sleep(self, 1 + (choice % 3)),
  end: (_stage, self) => {
    exit(self, failed);
  },
  kill: (_stage, self, { other }) => {
    exit(self, other, kill);
  },
};

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** A server is started under a key, which it has from the first instant. */
async function startVia(stage: Stage, self: Process, order: Order): Promise<void> {
  const { key, choice } = order;
  const { directory } = stage;
  if (directory.isOpen(unique)) {
    const starting = stage.startServer(self, { name: Registry.via(unique.in(self), key, choice) });
    const [entry] = Registry.lookup(unique.in(self), key);
    if (entry !== undefined) {
      directory.unique.add(key, entry.pid);
    }
    // The key may be taken, and the server may be killed before it runs.
    await starting.catch(() => undefined);
  }
}

/** Waits for a lock and goes on: messages come meanwhile. */
function lock({ directory, verdict }: Stage, self: Process, { key, choice }: Order): void {
  if (directory.isOpen(unique)) {
    const { locks } = directory;
    const claim = locks.claims(self.pid, key);
    const locked = Registry.lock(self, unique.in(self), key, () => {
      locks.begins(claim);
      return hold(self, choice, () => {
        locks.ends(claim);
      });
    });
    locked.catch((thrown: unknown) => {
      // It fails with its registry, and with its own function.
      const isExpected = thrown === bug || thrown instanceof ExitError;
      verdict.expect(isExpected, () => `a lock failed: ${String(thrown)}`);
    });
  }
}

function hold(self: Process, choice: number, done: () => void): void | Promise<void> {
  if (choice % 4 > 0) {
    return holdFor(1 + (choice % 5), choice % 2 === 0 ? sleep : later, self, done);
  }
  done();
  if (choice % 8 === 0) {
    throw bug;
  }
  return undefined;
}

async function holdFor(
  ms: number,
  wait: typeof later,
  self: Process,
  done: () => void,
): Promise<void> {
  await wait(self, ms);
  done();
}
