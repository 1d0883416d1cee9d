import type { Program, Simulation, StoreConnection } from '@reprise/simulation';

const count = 3;

/**
 * Two shops that sell three tickets from one store. A sale reads how many are left, and writes one
 * less. `isGuarded`: the write counts only if no other sale has written since.
 */
export function ticketShop(isGuarded: boolean): Program {
  return async (sim) => {
    const tickets = sim.store({ left: count });
    const shops = ['a', 'b'].map((name) =>
      sim.node(name, (node) => saleIn(tickets.on(node), isGuarded)),
    );
    let sold = 0;
    sim.always(() => {
      const taken = count - (tickets.peek('left') ?? 0);
      if (sold > taken) {
        throw new Error(`${sold} tickets were sold, and ${taken} are gone`);
      }
    });
    const buyer = (name: string): Promise<void> =>
      sim.client(name, async (sim) => {
        for (let purchase = 0; purchase < 4; purchase += 1) {
          const selling = sim.request(sim.pick(shops), (sell) => sell()).catch(() => false);
          // A store that never answers keeps its shop waiting for ever.
          const isSold = await Promise.race([selling, sim.sleep(10_000)]);
          sold += isSold === true ? 1 : 0;
        }
      });
    await Promise.all([buyer('ann'), buyer('bob')]);
    sim.sometimes('sold out', tickets.peek('left') === 0);
  };
}

/** Sells one ticket; `false` if there is none, or if another shop was faster. */
function saleIn(
  tickets: StoreConnection<{ left: number }>,
  isGuarded: boolean,
): () => Promise<boolean> {
  return async () => {
    const { value: left = 0, version } = await tickets.read('left');
    if (left === 0) {
      return false;
    }
    if (isGuarded) {
      return tickets.update('left', left - 1, { version });
    }
    await tickets.set('left', left - 1);
    return true;
  };
}

/** A program with a number of its own in each seed: `fails` says for which it throws. */
export function lottery(sides: number, play: (number: number, sim: Simulation) => void): Program {
  return async (sim) => {
    const number = sim.below(sides);
    sim.note(`number ${number}`);
    await sim.sleep(1);
    play(number, sim);
  };
}
