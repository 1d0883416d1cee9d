import {
  exit,
  GenServer,
  isAlive,
  kill,
  type MailboxOptions,
  name,
  type Pid,
  type Process,
  type Receiver,
  send,
  shutdown,
  sleep,
  spawn,
  sys,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import { at } from '../at.ts';
import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { afters, type Ask, type Errand, plans, type Setting } from './asks.ts';
import { answering, type Server } from './behaviour.ts';
import { Caller, type CallerMail, hows, type Order } from './caller.ts';
import { CallRules } from './rules.ts';

const mailboxes: readonly (MailboxOptions | undefined)[] = [
  undefined,
  undefined,
  undefined,
  undefined,
  { capacity: 2, overflow: 'dropOldest' },
  { capacity: 2, overflow: 'dropNewest' },
  { capacity: 2, overflow: 'reject' },
  { capacity: 2, overflow: 'exit' },
];

const names = [name<Server>('first'), name<Server>('second')];

/** How many ms a server takes for its call to another one. */
const patience = 20;

/** One run: callers, and two servers that end and are started again. */
export class Scene implements Play {
  readonly verdict = new Verdict();
  readonly rules: CallRules;
  readonly #sim: Simulation;
  readonly #driver: Process;
  readonly #servers: Server[] = [];
  readonly #suspended: Set<Pid> = new Set();
  readonly #helper: Pid<Errand>;
  readonly #callers: readonly Pid<CallerMail>[];

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.rules = new CallRules(this.verdict, () => driver.system.clock.now());
    this.#helper = spawn(driver, this.#help);
    this.#callers = [0, 1, 2].map(() =>
      spawn<CallerMail>(driver, (caller) => new Caller(caller, this.rules, this.verdict).serve()),
    );
  }

  check(): void {
    this.verdict.check();
  }

  settled(): void {
    this.rules.settled();
  }

  async drive(): Promise<void> {
    for (let round = 0; round < 30; round += 1) {
      await this.#start(0);
      await this.#start(1);
      const kind = this.#sim.below(10);
      if (kind === 9) {
        await this.#end(this.#sim.pick(this.#servers));
      } else if (kind === 8) {
        await this.#suspend(this.#sim.pick(this.#servers));
      } else {
        this.#order();
      }
      if (this.#sim.below(5) > 2) {
        await sleep(this.#driver, 1 + this.#sim.below(3));
      }
    }
    await this.#finish();
  }

  /** Starts a server in place of one that has ended. */
  async #start(side: 0 | 1): Promise<void> {
    const server = this.#servers[side];
    if (server !== undefined && isAlive(server)) {
      return;
    }
    const setting: Setting = {
      rules: this.rules,
      verdict: this.verdict,
      helper: this.#helper,
      forward: this.#forward,
      suspended: this.#suspended,
      mailbox: this.#sim.pick(mailboxes),
      trapsExits: this.#sim.pick([false, true]),
      terminating: this.#sim.pick([0, 0, 3]),
    };
    const { mailbox } = setting;
    const options = { name: at(names, side), ...(mailbox === undefined ? {} : { mailbox }) };
    this.#servers[side] = await GenServer.start(this.#driver, answering, setting, options);
  }

  #order(): void {
    const sim = this.#sim;
    const side = sim.below(2);
    const server = at(this.#servers, side);
    const order: Order = {
      type: 'order',
      how: sim.pick(hows),
      server,
      named: sim.below(3) === 2 ? at(names, side).in(this.#driver) : undefined,
      plan: sim.pick(plans),
      after: sim.pick(afters),
      ms: sim.pick([1, 2, 5, 10]),
      timeout: sim.pick([20, 10, 5, 0]),
    };
    const caller = sim.pick(this.#callers);
    sim.note(`${String(caller)}: ${order.how}, ${order.plan}, ${String(server)}`);
    send(caller, order);
  }

  /** It takes no message until it is resumed, if it is. */
  async #suspend(server: Server): Promise<void> {
    if (this.#sim.pick([true, false])) {
      this.#sim.note(`suspend ${String(server)}`);
      // It may end before.
      await sys.suspend(server).then(
        () => this.#suspended.add(server),
        () => undefined,
      );
    } else {
      this.#sim.note(`resume ${String(server)}`);
      await this.#resume(server);
    }
  }

  async #resume(server: Server): Promise<void> {
    this.#suspended.delete(server);
    await sys.resume(server).catch(() => undefined);
  }

  async #end(server: Server): Promise<void> {
    const how = this.#sim.pick(['stop', 'shutdown', 'kill']);
    this.#sim.note(`${how} ${String(server)}`);
    if (how === 'stop') {
      // It may end before, in another way.
      await GenServer.stop(server).catch(() => undefined);
    } else {
      exit(this.#driver, server, how === 'kill' ? kill : shutdown);
    }
  }

  /** Longer than any timeout: then everything that is to come has come. */
  async #finish(): Promise<void> {
    this.#sim.heal();
    for (const server of this.#servers) {
      await this.#resume(server);
      GenServer.cast(server, 'release');
    }
    await sleep(this.#driver, 1000);
    this.rules.taken();
    for (const server of this.#servers) {
      await GenServer.stop(server).catch(() => undefined);
    }
    await sleep(this.#driver, 1000);
  }

  readonly #forward = async ({ ticket, ms }: Ask, server: Pid): Promise<void> => {
    const other = this.#servers.find((one) => one !== server);
    if (other !== undefined) {
      const asked = this.rules.asks(server, other, patience);
      const ask: Ask = { ticket: asked, plan: at(plans, ticket.number), ms, after: 'rest' };
      await this.rules.follow(asked, GenServer.call(other, 'ask', ask, { timeout: patience }));
    }
  };

  readonly #help = async (self: Receiver<Errand>): Promise<void> => {
    for (;;) {
      const { from, ticket, ms } = await self.receive();
      if (ms > 2) {
        await sleep(self, 1);
      }
      GenServer.reply(from, this.rules.answers(ticket, true));
    }
  };
}
