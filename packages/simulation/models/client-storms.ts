import { Supervisor } from '@reprise/actor';
import { defineModel, type OriginAnswer, type Simulation } from '@reprise/simulation';
import { SseClient } from '@reprise/sse';
import { EventSource } from '@reprise/sse/eventsource';

import { Verdict } from './support/verdict.ts';

const url = 'http://feed/';
/** Of an attempt after a failure, in ms. */
const leastDelay = 100;

/** How a server can fail at once, each time. */
function drawAnswer(sim: Simulation): OriginAnswer {
  const end = sim.pick(['close', 'reset'] as const);
  const retry = sim.pick([0, 1, 100, 3000, 3_600_000]);
  return sim.pick<OriginAnswer>([
    { type: 'status', status: 503 },
    { type: 'stream', events: 0, retry, end },
    { type: 'stream', events: 1, retry, end },
    { type: 'status', status: 429, headers: { 'retry-after': '0' } },
    { type: 'refuse' },
    { type: 'redirect', to: `/${sim.below(1000)}` },
  ]);
}

/** A supervised client, whose handler may fail each time. */
async function startClient(sim: Simulation, verdict: Verdict): Promise<void> {
  const fails = sim.below(4) === 3;
  const client = SseClient.resilient({
    id: 'feed',
    url,
    handle: () => {
      if (fails) {
        throw new Error('the handler fails');
      }
    },
    onStatus: (change) => {
      const isWait = change.type === 'disconnected' && change.failure.type !== 'restarted';
      verdict.expect(
        !isWait || change.after >= leastDelay,
        () => `another attempt in less than ${leastDelay} ms`,
      );
    },
  });
  sim.node('a', async ({ system }) => {
    const options = { strategy: 'oneForOne', maxRestarts: 1_000_000, maxSeconds: 1 } as const;
    await Supervisor.startLink(system, { ...options, children: [client] });
  });
}

function most(times: readonly number[], within: number): number {
  return times.filter((at) => at < (times[0] ?? 0) + within - latest).length;
}

/** A request is on its way for about a ms. */
const latest = 5;

/**
 * Clients of a server that fails at once, always, in one or two ways by turns: at most 5 requests
 * in the first second, and 20 in the first minute.
 */
export default defineModel({
  name: 'client storms',
  program: async (sim) => {
    const answers = [drawAnswer(sim), drawAnswer(sim)];
    const origin = sim.origin('feed', { answer: ({ n }) => answers[n % 2] });
    origin.produce(1000);
    const verdict = new Verdict();
    if (sim.below(3) === 2) {
      sim.node('a', () => void new EventSource(url));
    } else {
      await startClient(sim, verdict);
    }
    await sim.sleep(70_000);
    verdict.check();
    const times = origin.requests.map(({ at }) => at);
    const [second, minute] = [most(times, 1000), most(times, 60_000)];
    if (second > 5 || minute > 20) {
      throw new Error(`${second} requests in the first second, ${minute} in the first minute`);
    }
    sim.sometimes('as many as are allowed', second === 5 && minute > 15);
  },
  options: { faults: { stall: true } },
  mutants: {
    'delays have no lower end': {
      file: 'sse/src/resilient/policy.ts',
      from: 'const least = Math.max(bound / 6, Math.min(250, minDelay, bound), requested);',
      to: 'const least = requested;',
      within: 1000,
    },
    'a request takes nothing from the budget': {
      file: 'sse/src/budget/request-budget.ts',
      from: 'this.#fullAt = Math.max(this.#sentAt, this.#fullAt) + this.#interval * this.#scale;',
      to: 'this.#fullAt = this.#sentAt;',
      within: 100,
    },
    'a client that is started again has a new budget': {
      file: 'sse/src/budget/client-budgets.ts',
      from: 'leftIn(system).add(owner.key, budget);',
      to: '',
      within: 400,
    },
  },
});
