import assert from 'node:assert/strict';

import type { System } from '@reprise/actor';
import { defineModel, type Model, type SimulatedNode, type Simulation } from '@reprise/simulation';

import { openBoxOffice, sell } from './box-office.ts';
import type { TakeTicket } from './take-ticket.ts';

/** Two offices on two machines, a store with three tickets for both, and two buyers. */
export function ticketSale(name: string, take: TakeTicket): Model {
  return defineModel({
    name,
    options: { faults: { crash: true, pause: true, network: true, store: true } },
    program: async (sim) => {
      const store = sim.store({ left: 3 });
      const offices = ['north', 'south'].map((town) =>
        sim.node(town, async (node) => {
          await openBoxOffice(node.system, store.on(node), take);
          return node.system;
        }),
      );

      const sold: number[] = [];
      sim.always(() => {
        const again = sold.find((ticket, at) => sold.indexOf(ticket) < at);
        assert.ok(again === undefined, `ticket ${again} was sold twice`);
      });

      const buyers = ['Ada', 'Grace'].map((buyer) =>
        sim.client(buyer, async (self) => {
          await buy(self, self.pick(offices), sold);
          await buy(self, self.pick(offices), sold);
        }),
      );
      await Promise.all(buyers);

      // No new fault begins. Within ten seconds each office has to answer again.
      sim.heal();
      const late = offices.map((office) =>
        sim.client(`buyer in ${office.name}`, async (self) => {
          while (!(await buy(self, office, sold))) {
            await self.sleep(100);
          }
        }),
      );
      await within(sim, 10_000, Promise.all(late));
      sim.sometimes('sold out', store.peek('left') === 0);
    },
  });
}

/** Whether the office has answered: with a ticket, or that none is left. */
async function buy(
  self: Simulation,
  office: SimulatedNode<System>,
  sold: number[],
): Promise<boolean> {
  try {
    const ticket = await self.request(office, sell);
    sold.push(...(ticket === undefined ? [] : [ticket]));
    return true;
  } catch {
    return false;
  }
}

async function within(sim: Simulation, ms: number, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  await sim.run({ until: () => isDone, within: ms });
}
