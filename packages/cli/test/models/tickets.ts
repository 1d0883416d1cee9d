import { defineModel } from '@reprise/simulation';

/** Two buyers of one ticket: each looks whether it is left, then takes it. */
export default defineModel({
  name: 'tickets',
  program: async (sim) => {
    const shop = sim.node('shop', () => ({ left: 2 }));
    let sold = 0;
    const buy = async (): Promise<void> => {
      const left = await sim.request(shop, (tickets) => tickets.left);
      if (left > 0) {
        await sim.request(shop, (tickets) => (tickets.left -= 1));
        sold += 1;
      }
    };
    sim.always(() => {
      if (sold > 2) {
        throw new Error(`${sold} tickets of 2 were sold`);
      }
    });
    await Promise.all([
      sim.client('ann', async () => {
        await buy();
        await buy();
      }),
      sim.client('bob', buy),
    ]);
    sim.sometimes('sold out', sold === 2);
  },
});
