import { type ChildSpec, createSystem, GenServer, ok, type Pid, type System } from '@reprise/actor';

/** A child that does nothing but report its start. */
const idle = GenServer.define({
  init: (_: undefined, self) => {
    up.resolve(self.pid);
    return ok(0);
  },
});

let up = Promise.withResolvers<Pid>();

/** The pid of the next child that starts. */
export function nextUp(): Promise<Pid> {
  up = Promise.withResolvers();
  return up.promise;
}

export function idleSpec(id: string): ChildSpec {
  return GenServer.childSpec(idle, undefined, { id });
}

/** A system without reports: they are not part of the measurement. */
export const system: System = createSystem({ logger: { error: () => {}, warn: () => {} } });
