/** A value of the store, and the version that it has. */
export interface Row {
  readonly value: number | undefined;
  readonly version: number;
}

/** The part of the shared store that the box offices need: how many tickets are left. */
export interface TicketStore {
  read(key: 'left'): Promise<Row>;
  set(key: 'left', value: number): Promise<unknown>;
  /** Sets the value if its version is still that of `row`; resolves with whether it did. */
  update(key: 'left', value: number, row: Row): Promise<boolean>;
}

/** The number of the ticket; `undefined` if none is left. */
export type TakeTicket = (store: TicketStore) => Promise<number | undefined>;

/** Has a bug: two offices may read the same number, and sell the same ticket. */
export const takeBlindly: TakeTicket = async (store) => {
  const { value: left = 0 } = await store.read('left');
  if (left === 0) {
    return undefined;
  }
  await store.set('left', left - 1);
  return left;
};

/** Without it: if another office was faster, it looks again. */
export const takeTicket: TakeTicket = async (store) => {
  for (;;) {
    const row = await store.read('left');
    const { value: left = 0 } = row;
    if (left === 0) {
      return undefined;
    }
    if (await store.update('left', left - 1, row)) {
      return left;
    }
  }
};
