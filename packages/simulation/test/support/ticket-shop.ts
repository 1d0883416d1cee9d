import type { Program, Simulation } from '@reprise/simulation';

interface Tickets {
  left: number;
  version: number;
}

/**
 * Two buyers and one ticket. A purchase reads how many are left, and writes one less. `isGuarded`:
 * the write counts only if nobody has written since.
 */
export function ticketShop(isGuarded: boolean): Program {
  return async (sim) => {
    const tickets: Tickets = { left: 1, version: 0 };
    const shop = sim.node('shop', () => tickets);
    let sold = 0;
    const buy = async (): Promise<void> => {
      const seen = await sim.request(shop, ({ left, version }) => ({ left, version }));
      if (seen.left > 0 && (await sim.request(shop, (now) => write(now, seen, isGuarded)))) {
        sold += 1;
      }
    };
    sim.always(() => {
      if (sold > 1) {
        throw new Error(`${sold} tickets of 1 were sold`);
      }
    });
    await Promise.all(['ann', 'bob'].map((name) => sim.client(name, () => times(4, buy))));
    sim.sometimes('sold out', tickets.left === 0);
  };
}

function write(now: Tickets, seen: Tickets, isGuarded: boolean): boolean {
  if (isGuarded && now.version !== seen.version) {
    return false;
  }
  now.left = seen.left - 1;
  now.version += 1;
  return true;
}

async function times(count: number, run: () => Promise<void>): Promise<void> {
  for (let time = 0; time < count; time += 1) {
    await run().catch(() => undefined);
  }
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
