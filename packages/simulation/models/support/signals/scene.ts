import {
  type ExitError,
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  type Receiver,
  send,
  sleep,
  spawn,
  spawnLink,
  spawnMonitor,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { acts } from './acts.ts';
import type { Peer } from './peer.ts';
import { SignalRules } from './rules.ts';
import { isWords, type Mail, type Stage, type Words } from './stage.ts';

/** How often processes monitor, listen and write, compared with all else that they do. */
const names = [...Object.keys(acts), 'say', 'monitor', 'monitor', 'demonitor', 'listen', 'link'];

/** One run: functions and servers that follow orders. */
export class Scene implements Play, Stage {
  readonly verdict = new Verdict();
  readonly rules: SignalRules;
  readonly #sim: Simulation;
  readonly #driver: Process;
  #words = 0;

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.rules = new SignalRules(this.verdict, () => driver.system.clock.now());
  }

  check(): void {
    this.rules.check();
  }

  settled(): void {
    this.rules.settled();
  }

  async drive(): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      while (this.rules.living.length < 3) {
        await this.#bear();
      }
      this.#order();
      if (this.#sim.below(5) > 2) {
        await sleep(this.#driver, 1);
      }
    }
    this.#sim.heal();
    // Longer than all that the processes have yet to do.
    await sleep(this.#driver, 300);
  }

  words(from: Peer): Words {
    this.#words += 1;
    return { type: 'words', from, of: this.#words };
  }

  say(from: Peer, to: Peer): void {
    const words = this.words(from);
    this.rules.says(from, to, words.of);
    send(to.pid as Pid<Mail>, words);
  }

  raise(self: Process, me: Peer, choice: number): void {
    const kind = choice % 3;
    if (kind === 0) {
      this.rules.born(spawn(self, this.#body));
    } else if (kind === 1) {
      this.rules.links(me, this.rules.born(spawnLink(self, this.#body)));
    } else {
      const { pid, ref } = spawnMonitor(self, this.#body);
      this.rules.monitors(me, this.rules.born(pid), ref, undefined);
    }
  }

  #order(): void {
    const sim = this.#sim;
    const actor = sim.pick(this.rules.living);
    const act = sim.pick(names);
    const other = sim.pick([...this.rules.peers.values()]);
    sim.note(`${actor.name}: ${act} ${other.name}`);
    send(actor.pid as Pid<Mail>, { type: 'order', act, other, choice: sim.below(12) });
  }

  async #bear(): Promise<void> {
    if (this.#sim.pick(['function', 'server']) === 'function') {
      this.rules.born(spawn(this.#driver, this.#body));
    } else {
      await GenServer.start(this.#driver, this.#server, undefined);
    }
  }

  readonly #body = async (self: Receiver<Mail>): Promise<void> => {
    const me = this.#begins(self);
    while (me.lives) {
      const isListening = me.listens > 0;
      me.listens -= isListening ? 1 : 0;
      const message = await (isListening ? self.receive(isWords, { timeout: 3 }) : self.receive());
      if (message === undefined) {
        this.rules.takesNothing(me);
      } else if (me.lives) {
        // It may have ended since it took the message.
        await this.#takes(self, me, message, isListening);
      }
    }
  };

  readonly #server = GenServer.define({
    init: (_: undefined, self) => ok(this.#begins(self)),
    handleInfo: (message: Mail, me, self) => {
      const acting = this.#takes(self, me, message);
      return acting === undefined ? noreply(me) : acting.then(() => noreply(me));
    },
  });

  #begins(self: Process): Peer {
    const me = this.rules.born(self.pid);
    self.signal.addEventListener('abort', () => {
      this.rules.ended(me, (self.signal.reason as ExitError).reason);
    });
    return me;
  }

  #takes(self: Process, me: Peer, message: Mail, isPicked = false): void | Promise<void> {
    if (message.type === 'order') {
      return acts[message.act]?.(this, self, me, message);
    }
    if (isWords(message)) {
      this.rules.takes(me, message, isPicked);
    } else {
      const { type, pid, reason } = message;
      const of = type === 'DOWN' ? message.ref : undefined;
      this.rules.takes(me, { type, from: this.rules.born(pid), of, reason });
    }
    return undefined;
  }
}
