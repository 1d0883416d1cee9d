import { type Destination, GenServer, name, ok, reply } from '@reprise/actor';

export interface Price {
  readonly stock: string;
  readonly price: number;
}

/** A server that keeps the latest price of each stock. */
const board = GenServer.define({
  init: (_: undefined) => {
    console.log('the board is empty');
    return ok<ReadonlyMap<string, number>>(new Map());
  },
  handleCall: {
    update: ({ stock, price }: Price, prices) => {
      if (!(price > 0)) {
        throw new RangeError(`Expected a price above 0 for ${stock}, got ${price}`);
      }
      const updated = new Map(prices).set(stock, price);
      console.log(`${updated.size} on the board: ${stock} ${price}`);
      return reply(undefined, updated);
    },
  },
});

export type Board = GenServer.ServerOf<typeof board>;

/** The name stays the same when a restart gives the board another pid. */
export const boardName = name<Board>('board');

export const childSpec = () =>
  GenServer.childSpec(board, undefined, { id: 'board', name: boardName });

/** Resolves once the board has the price. */
export const update = (server: Destination<Board>, price: Price): Promise<undefined> =>
  GenServer.call(server, 'update', price);
