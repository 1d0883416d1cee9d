import { type ActorRef, assign, createActor, enqueueActions, type Snapshot, setup } from 'xstate';

import { measureRate } from '../../measure/rate.ts';

type Message =
  | { readonly type: 'hop'; readonly left: number }
  | { readonly type: 'join'; readonly next: Next };
type Next = ActorRef<Snapshot<unknown>, Message>;

const processes = 1000;
const batch = 100_000;
let hops = 0;
let arrived = Promise.withResolvers<void>();

const link = setup({
  types: {
    context: {} as { readonly next: Next | undefined },
    events: {} as Message,
    input: {} as Next | undefined,
  },
}).createMachine({
  context: ({ input }) => ({ next: input }),
  on: {
    join: { actions: assign({ next: ({ event }) => event.next }) },
    hop: {
      actions: enqueueActions(({ context: { next }, event: { left }, enqueue }) => {
        if (left > 0 && next !== undefined) {
          enqueue.sendTo(next, { type: 'hop', left: left - 1 });
        } else {
          enqueue(() => arrived.resolve());
        }
      }),
    },
  },
});

const last = createActor(link, { input: undefined }).start();
let first: Next = last as Next;
for (let started = 1; started < processes; started++) {
  first = createActor(link, { input: first }).start() as Next;
}
last.send({ type: 'join', next: first });

await measureRate({
  batch,
  async run() {
    arrived = Promise.withResolvers();
    first.send({ type: 'hop', left: batch - 1 });
    await arrived.promise;
    hops += batch;
  },
  handled: () => hops,
});
