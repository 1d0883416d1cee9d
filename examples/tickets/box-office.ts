import { GenServer, name, ok, type Process, reply, sleep, Supervisor } from '@reprise/actor';

import type { TakeTicket, TicketStore } from './take-ticket.ts';

/** How long the store may take, in ms. */
const storeTimeout = 2000;

interface Office {
  readonly store: TicketStore;
  readonly take: TakeTicket;
}

const behaviour = GenServer.define({
  init: (office: Office) => ok(office),
  handleCall: {
    // An error of the store ends this process; its supervisor starts it again.
    sell: async (_, office, _from, self) => {
      const ticket = await Promise.race([office.take(office.store), tooLate(self)]);
      return reply(ticket, office);
    },
  },
});

const office = name<GenServer.ServerOf<typeof behaviour>>('office');

/** A replica of the box office: any number of them sell the tickets of one store. */
export async function openBoxOffice(
  parent: Process,
  store: TicketStore,
  take: TakeTicket,
): Promise<void> {
  const options = { id: 'office', name: office } as const;
  await Supervisor.startLink(parent, {
    strategy: 'oneForOne',
    maxRestarts: 100,
    children: [GenServer.childSpec(behaviour, { store, take }, options)],
  });
}

/**
 * Sells a ticket, and resolves with its number; with `undefined` if none is left.
 * @throws ExitError if the store failed: the ticket may be sold or not
 */
export function sell(process: Process): Promise<number | undefined> {
  return GenServer.call(office.in(process), 'sell');
}

/** A store that never answers must not keep the office waiting for ever. */
async function tooLate(self: Process): Promise<never> {
  await sleep(self, storeTimeout);
  throw new Error(`the store took more than ${storeTimeout} ms`);
}
