import { dispatch, query, type Ref, spawn, start, stop } from 'nact';

// Its type of references has no members.
// oxlint-disable typescript/no-generated-empty-object-type
export type Counter = Ref<Add>;
type Sender = Ref<number>;
// oxlint-enable typescript/no-generated-empty-object-type

interface Add {
  readonly by: number;
  /** The reference that gets the count. */
  readonly sender?: Sender;
}

const system = start();
let started = 0;

/** With a name: nact's own are random and can clash. */
export function startCounter(): Counter {
  return spawn(system, add, `counter-${started++}`, { initialState: 0 });
}

export function cast(counter: Counter, by: number): void {
  dispatch(counter, { by });
}

export function call(counter: Counter, by: number): Promise<number> {
  return query(counter, (sender: Sender) => ({ by, sender }), timeout) as Promise<number>;
}

export function stopAll(): void {
  stop(system);
}

/** In ms. */
const timeout = 60_000;

function add(count: number, { by, sender }: Add): number {
  if (sender !== undefined) {
    dispatch(sender, count + by);
  }
  return count + by;
}
