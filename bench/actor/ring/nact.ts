import { dispatch, type Ref, spawn, start, stop } from 'nact';

import { measureRate } from '../../measure/rate.ts';

type Message = { readonly left: number } | { readonly next: Next };
// Its type of references has no members.
// oxlint-disable-next-line typescript/no-generated-empty-object-type
type Next = Ref<Message>;

const processes = 1000;
const batch = 100_000;
let hops = 0;
let arrived = Promise.withResolvers<void>();

function link(next: Next | undefined, message: Message): Next | undefined {
  if ('next' in message) {
    return message.next;
  }
  if (message.left > 0 && next !== undefined) {
    dispatch(next, { left: message.left - 1 });
  } else {
    arrived.resolve();
  }
  return next;
}

const system = start();
const add = (next: Next | undefined, at: number): Next =>
  spawn(system, link, `link-${at}`, { initialState: next });
const last = add(undefined, 0);
let first = last;
for (let at = 1; at < processes; at++) {
  first = add(first, at);
}
dispatch(last, { next: first });

await measureRate({
  batch,
  async run() {
    arrived = Promise.withResolvers();
    dispatch(first, { left: batch - 1 });
    await arrived.promise;
    hops += batch;
  },
  handled: () => hops,
});
stop(system);
