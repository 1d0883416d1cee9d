import type { Process } from '../../process/process.ts';
import type { AnyBehaviour } from '../../server/behaviour.ts';
import { type Reply, reply } from '../../server/next.ts';
import { startAll, supervisorBehaviour } from '../behaviour.ts';
import type { Outcome } from '../call.ts';
import type { CheckedOptions } from '../options.ts';
import { PartitionState } from './state.ts';

/** The server behind every partition supervisor: a static supervisor that can be resized. */
export const partitionSupervisorBehaviour: AnyBehaviour = {
  ...supervisorBehaviour,
  init: ({ children, ...flags }: CheckedOptions, self: Process) =>
    startAll(self, new PartitionState(self, flags, children.length), children),
  handleCall: {
    ...(supervisorBehaviour.handleCall as object),
    resize: async (
      size: number,
      state: PartitionState,
    ): Promise<Reply<Outcome<number>, PartitionState>> => reply(await state.resize(size), state),
  },
};
