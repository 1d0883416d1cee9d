import { type ChildSpec, createSystem, GenServer, ok, type Pid, type System } from '@reprise/actor';

/** A child that does nothing but tell that it is up. */
const idle = GenServer.define({
  init: (_: undefined, self) => {
    up.resolve(self.pid);
    return ok(0);
  },
});

let up = Promise.withResolvers<Pid>();

/** The pid of the child that is the next to come up. */
export function nextUp(): Promise<Pid> {
  up = Promise.withResolvers();
  return up.promise;
}

export function idleSpec(id: string): ChildSpec {
  return GenServer.childSpec(idle, undefined, { id });
}

/** A system whose reports go nowhere: they are not what is measured here. */
export const system: System = createSystem({ logger: { error: () => {}, warn: () => {} } });
