import { type ExitReason, monitor, type Pid, type Receiver, type Ref, spawn } from '@reprise/actor';
import { settle, type TestSystem } from '@reprise/actor/testing';

import { format } from './reasons.ts';

interface Down {
  readonly ref: Ref;
  readonly reason: ExitReason;
}

/** Returns a function that has the end of a process told, with its reason, under a name. */
export async function startWatcher(
  system: TestSystem,
  tell: (event: string) => void,
): Promise<(name: string | number, pid: Pid) => void> {
  const names = new Map<Ref, string | number>();
  const started = Promise.withResolvers<Receiver<Down>>();
  spawn<Down>(system, async (self) => {
    started.resolve(self);
    for (;;) {
      const { ref, reason } = await self.receive();
      tell(`ends ${names.get(ref)} ${format(reason)}`);
    }
  });
  await settle(system);
  const self = await started.promise;
  return (name, pid) => void names.set(monitor(self, pid), name);
}
