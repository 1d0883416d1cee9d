import { defineModel } from '@reprise/simulation';

import { takeTicket, type Tickets } from './support/tickets.ts';

const count = 3;

/** Two buyers and three tickets. A purchase reads how many are left, and writes one less. */
export default defineModel({
  name: 'ticket shop',
  program: async (sim) => {
    const tickets: Tickets = { left: count, version: 0 };
    const shop = sim.node('shop', () => tickets);
    let sold = 0;
    const buy = async (): Promise<void> => {
      const seen = await sim.request(shop, ({ left, version }) => ({ left, version }));
      if (seen.left > 0 && (await sim.request(shop, (now) => takeTicket(now, seen)))) {
        sold += 1;
      }
    };
    const buyTwice = async (): Promise<void> => {
      await buy();
      await buy();
    };
    sim.always(() => {
      if (sold > count) {
        throw new Error(`${sold} tickets of ${count} were sold`);
      }
    });
    await Promise.all(['ann', 'bob'].map((name) => sim.client(name, buyTwice)));
    sim.sometimes('sold out', tickets.left === 0);
    sim.sometimes('a buyer came too late', sold < count);
  },
  mutants: {
    'a write counts though another one came first': {
      file: 'models/support/tickets.ts',
      from: 'now.version !== seen.version',
      to: 'false',
      within: 200,
    },
  },
});
