import { GenServer, noreply, type Pid, type Process, send, sleep } from '@reprise/actor';
import type { Origin, Simulation } from '@reprise/simulation';
import { connect, reconnect, type SseRequest, SseClient } from '@reprise/sse';

import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { type Wish, WishRules } from './rules.ts';

const delays = [0, 1, 2, 10, 100];

/** One run: a client that is told at any time to connect to somewhere else. */
export class Scene implements Play {
  readonly #sim: Simulation;
  readonly #driver: Process;
  readonly #verdict = new Verdict();
  readonly #rules: WishRules;
  readonly #origins: readonly Origin[];
  /** It changes its mind no more. */
  #isCalm = false;

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.#rules = new WishRules(this.#verdict, () => driver.system.clock.now());
    this.#origins = ['north', 'south'].map((name) => sim.origin(name));
  }

  /** One connection at a time. */
  check(): void {
    this.#verdict.expect(this.#open <= 1, () => `${this.#open} connections are open`);
    this.#verdict.check();
  }

  async drive(): Promise<void> {
    const client = await SseClient.start(this.#driver, this.#behaviour, undefined);
    for (let round = 0; round < 25; round += 1) {
      if (this.#sim.below(2) === 0) {
        this.#produce(this.#sim.pick(this.#origins));
      } else {
        send(client as Pid as Pid<'change'>, 'change');
      }
      const ms = this.#sim.pick(delays);
      if (ms > 0) {
        await sleep(this.#driver, ms);
      }
    }
    this.#sim.heal();
    this.#isCalm = true;
    send(client as Pid as Pid<'change'>, 'change');
    // Longer than any delay.
    await sleep(this.#driver, 100_000);
    this.#verdict.expect(this.#rules.isConnected, () => 'not connected, though it was told to');
    await GenServer.stop(client);
  }

  settled(): void {
    this.#verdict.expect(this.#open === 0, () => 'a connection is left');
    this.#verdict.check();
  }

  get #open(): number {
    return this.#origins.reduce((sum, { streams }) => sum + streams.length, 0);
  }

  /** Several at once: they come in one packet. */
  #produce(origin: Origin): void {
    const count = 1 + this.#sim.below(4);
    origin.produce(Array.from({ length: count }, (_, at) => `${origin.name} ${origin.made + at}`));
  }

  readonly #behaviour = SseClient.define({
    init: () => connect(...this.#wish()),
    handleConnect: (_response, state: undefined) => {
      this.#rules.connects();
      return noreply(state);
    },
    handleConnectFailure: () => this.#again(),
    handleDisconnect: () => this.#again(),
    handleEvent: ({ data }, state: undefined) => {
      this.#rules.handles(data);
      switch (this.#isCalm ? 0 : this.#sim.below(24)) {
        case 23:
          return reconnect(...this.#wish());
        case 22:
        case 21:
          return sleep(this.#driver, 2).then(() => noreply(state));
        default:
          return noreply(state);
      }
    },
    handleInfo: (_: 'change') => reconnect(...this.#wish()),
  });

  #again(): ReturnType<typeof connect<undefined>> {
    return connect(...this.#wish());
  }

  /** The arguments of an answer. */
  #wish(): readonly [request: () => SseRequest, state: undefined, { readonly after: number }] {
    const after = this.#sim.pick(delays);
    const { name } = this.#sim.pick(this.#origins);
    const wish: Wish = this.#rules.wishes(name, after);
    const request = (): SseRequest => {
      this.#rules.begins(wish);
      return { url: `http://${name}/${wish.number}`, idleTimeout: 300_000 };
    };
    return [request, undefined, { after }];
  }
}
