import {
  cancelTimer,
  exit,
  GenServer,
  isAlive,
  kill,
  noreply,
  ok,
  type Pid,
  type Process,
  readTimer,
  type Receiver,
  reply,
  sendAfter,
  sendInterval,
  sleep,
  spawn,
  startTimer,
  TimeoutError,
  type TimerRef,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { TimerRules } from './rules.ts';

/** The messages of receivers: from a timer, or from a server to itself. */
type Mail =
  | number
  | { readonly type: 'timeout'; readonly ref: TimerRef; readonly message: number }
  | { readonly type: 'timeout'; readonly ref?: never };

/** A server, and since when it waits for a timeout of its own. */
interface Idler {
  readonly self: Process;
  idle: { readonly from: number; readonly ms: number } | undefined;
}

/**
 * One run: a driver that starts, reads and cancels timers, and receivers that check their messages.
 */
export class Scene implements Play {
  readonly #sim: Simulation;
  readonly #driver: Process;
  readonly #verdict = new Verdict();
  readonly #rules: TimerRules;
  readonly #idlers: Idler[] = [];
  readonly #receivers: Pid<Mail>[] = [];
  readonly #refs: TimerRef[] = [];

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.#rules = new TimerRules(this.#verdict, () => this.#now);
  }

  async drive(): Promise<void> {
    for (let count = 0; count < 2; count += 1) {
      this.#receivers.push(spawn<Mail>(this.#driver, this.#receive));
      this.#receivers.push(
        (await GenServer.start(this.#driver, this.#server, undefined)) as Pid<Mail>,
      );
    }
    const slow = await GenServer.start(this.#driver, slowServer, undefined);
    for (let round = 0; round < 30; round += 1) {
      this.#act();
      if (this.#sim.below(4) === 3) {
        await this.#call(slow);
      }
      await this.#sleep(this.#driver, [0, 0, 1, 3, 10]);
    }
    for (const ref of this.#refs) {
      this.#rules.cancels(ref, cancelTimer(ref));
    }
    await sleep(this.#driver, 500);
  }

  check(): void {
    this.#verdict.check();
  }

  settled(): void {
    this.#rules.settled(isAlive);
    for (const { self, idle } of this.#idlers) {
      const isMissed = idle !== undefined && isAlive(self.pid);
      this.#verdict.expect(!isMissed, () => `${String(self.pid)} waits for its timeout`);
    }
    this.#verdict.check();
  }

  get #now(): number {
    return this.#driver.system.clock.now();
  }

  #act(): void {
    const sim = this.#sim;
    const act = sim.pick(['after', 'after', 'start', 'at', 'interval', 'cancel', 'read', 'kill']);
    const to = sim.pick(this.#receivers);
    const ms = sim.pick([5, 0, 1, 5, 20, 21, 60]);
    const ref = sim.pick([...this.#refs, undefined]);
    sim.note(`${act} ${ms} for ${String(to)}`);
    if (act === 'cancel' && ref !== undefined) {
      this.#rules.cancels(ref, cancelTimer(ref));
    } else if (act === 'read' && ref !== undefined) {
      this.#rules.reads(ref, readTimer(ref));
    } else if (act === 'kill' && sim.below(4) === 3) {
      exit(this.#driver, to, kill);
    } else {
      this.#start(act, to, ms);
    }
  }

  #start(act: string, to: Pid<Mail>, ms: number): void {
    const id = this.#rules.nextId;
    const begun = (ref: TimerRef, every?: number): void => {
      this.#refs.push(ref);
      this.#rules.starts(id, to, ref, ms, every);
    };
    if (act === 'after') {
      begun(sendAfter(to, id, ms));
    } else if (act === 'start') {
      begun(startTimer(to as Pid<unknown>, id, ms));
    } else if (act === 'at') {
      begun(sendAfter(to, id, this.#now + ms, { abs: true }));
    } else if (act === 'interval' && ms > 5) {
      begun(sendInterval(to, id, ms), ms);
    }
  }

  async #call(slow: GenServer.ServerOf<typeof slowServer>): Promise<void> {
    const from = this.#now;
    const timeout = this.#sim.pick([20, 3]);
    try {
      await GenServer.call(slow, 'answer', this.#sim.pick([0, 1, 10]), { timeout });
    } catch (thrown) {
      this.#verdict.expect(thrown instanceof TimeoutError, () => String(thrown));
      this.#rules.waited('a call', from, timeout);
    }
  }

  async #sleep(self: Process, waits: readonly number[]): Promise<void> {
    const ms = this.#sim.pick(waits);
    if (ms > 0) {
      const from = this.#now;
      await sleep(self, ms);
      this.#rules.waited('a sleep', from, ms);
    }
  }

  readonly #receive = async (self: Receiver<Mail>): Promise<void> => {
    for (;;) {
      const timeout = this.#sim.pick([Infinity, 2, 15]);
      const from = this.#now;
      const mail = await self.receive({ timeout });
      if (mail === undefined) {
        this.#rules.waited('a receive', from, timeout);
      } else {
        this.#arrives(self, mail, false);
      }
      await this.#sleep(self, [0, 0, 0, 4]);
    }
  };

  readonly #server = GenServer.define({
    init: (_: undefined, self) => {
      const idler: Idler = { self, idle: undefined };
      this.#idlers.push(idler);
      return ok(idler);
    },
    handleInfo: (mail: Mail, idler, self) => {
      if (typeof mail === 'object' && mail.ref === undefined) {
        this.#idles(idler);
      } else {
        this.#arrives(self, mail, true);
      }
      const timeout = this.#sim.pick([undefined, undefined, 1, 4, 30]);
      idler.idle = timeout === undefined ? undefined : { from: this.#now, ms: timeout };
      return timeout === undefined ? noreply(idler) : noreply(idler, { timeout });
    },
  });

  #arrives(self: Process, mail: Mail, isPrompt: boolean): void {
    const id = typeof mail === 'number' ? mail : mail.ref === undefined ? 0 : mail.message;
    this.#rules.arrives(self.pid, id, isPrompt);
  }

  #idles({ idle }: Idler): void {
    this.#verdict.expect(idle !== undefined, () => 'a timeout has come that nobody waits for');
    if (idle !== undefined) {
      this.#rules.waited('an idle timeout', idle.from, idle.ms);
    }
  }
}

const slowServer = GenServer.define({
  init: (_: undefined) => ok(0),
  handleCall: {
    answer: async (ms: number, state, _from, self) => {
      await sleep(self, ms);
      return reply(ms, state);
    },
  },
});
