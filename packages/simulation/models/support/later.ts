import type { Process } from '@reprise/actor';

/** As `sleep` of a process, but the code goes on after the end of the process, too. */
export function later(self: Process, ms: number): Promise<void> {
  return new Promise((resolve) => {
    self.system.clock.setTimeout(resolve, ms);
  });
}
