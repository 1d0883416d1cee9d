import {
  exit,
  GenServer,
  isAlive,
  kill,
  noreply,
  ok,
  type Pid,
  type Process,
  type Receiver,
  Registry,
  send,
  sleep,
  spawn,
  whereis,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { acts } from './acts.ts';
import { Directory, duplicate, keys, type RegistryName, unique } from './directory.ts';
import type { Mail, Stage } from './stage.ts';

const names = Object.keys(acts);

/** One run: functions and servers that follow orders, and two registries that may end. */
export class Scene implements Play, Stage {
  readonly verdict = new Verdict();
  readonly directory: Directory;
  readonly #sim: Simulation;
  readonly #driver: Process;
  readonly #listener: Pid<Registry.Change<string, number>>;
  readonly #pids: Pid[] = [];

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.directory = new Directory(driver, this.verdict);
    this.#listener = spawn(driver, this.#listen);
  }

  check(): void {
    this.directory.check();
  }

  settled(): void {
    this.directory.settled();
  }

  async drive(): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      await this.#open();
      while (this.#living.length < 3) {
        this.#pids.push(spawn(this.#driver, this.#body));
      }
      if (this.#sim.below(16) === 15) {
        this.#close(this.#sim.pick([unique, duplicate]));
      } else {
        this.#order();
      }
      if (this.#sim.below(5) > 2) {
        await sleep(this.#driver, 1);
      }
    }
    this.#sim.heal();
    // Longer than all that the processes have yet to do.
    await sleep(this.#driver, 300);
  }

  startServer(self: Process, options: GenServer.StartOptions): Promise<unknown> {
    return GenServer.start(self, this.#server, undefined, options);
  }

  get #living(): readonly Pid[] {
    return this.#pids.filter(isAlive);
  }

  #order(): void {
    const sim = this.#sim;
    const actor = sim.pick(this.#living);
    const act = sim.pick(names);
    const key = sim.pick(keys);
    const other = sim.pick(this.#pids);
    sim.note(`${String(actor)}: ${act} ${key} ${String(other)}`);
    send(actor as Pid<Mail>, { type: 'order', act, key, other, choice: sim.below(16) });
  }

  async #open(): Promise<void> {
    const listeners = [this.#listener];
    if (!this.directory.isOpen(unique)) {
      await Registry.start(this.#driver, { keys: 'unique', name: unique, listeners });
      this.directory.opens(unique);
    }
    if (!this.directory.isOpen(duplicate)) {
      await Registry.start(this.#driver, { keys: 'duplicate', name: duplicate, listeners });
      this.directory.opens(duplicate);
    }
  }

  #close(registry: RegistryName): void {
    this.#sim.note(`kill ${registry.name}`);
    this.directory.closes(registry);
    exit(this.#driver, whereis(this.#driver, registry.name) as Pid, kill);
  }

  readonly #listen = async (self: Receiver<Registry.Change<string, number>>): Promise<void> => {
    for (;;) {
      this.directory.hears(await self.receive());
    }
  };

  readonly #body = async (self: Receiver<Mail>): Promise<void> => {
    while (isAlive(self.pid)) {
      const message = await self.receive();
      // It may have ended since it took the message.
      if (isAlive(self.pid)) {
        await this.#takes(self, message);
      }
    }
  };

  readonly #server = GenServer.define({
    init: (_: undefined, self) => {
      this.#pids.push(self.pid);
      return ok(self);
    },
    handleInfo: (message: Mail, self) => {
      const acting = this.#takes(self, message);
      return acting === undefined ? noreply(self) : acting.then(() => noreply(self));
    },
  });

  #takes(self: Process, message: Mail): void | Promise<void> {
    if (message.type === 'order') {
      return acts[message.act]?.(this, self, message);
    }
    const view = this.directory.views.get(message.ref);
    const isDue = view?.hears(message) === true;
    this.verdict.expect(isDue, () => `${String(self.pid)} got a ${message.type} that was not due`);
    return undefined;
  }
}
