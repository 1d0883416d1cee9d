/** A reason by its type, or a crash by its text. */
export type Reason = 'normal' | 'shutdown' | 'kill' | 'killed' | 'noproc' | 'boom' | 'bye';

/**
 * What one process does. Processes, and the monitors of a process, are meant by number, counted
 * round.
 */
export type Action =
  | { readonly type: 'spawn' | 'spawnLink' }
  | { readonly type: 'link' | 'unlink' | 'monitor'; readonly other: number }
  | { readonly type: 'demonitor'; readonly nth: number; readonly flush: boolean }
  | { readonly type: 'send'; readonly other: number; readonly text: string }
  | { readonly type: 'sendByName'; readonly name: string; readonly text: string }
  | { readonly type: 'signal'; readonly other: number; readonly reason: Reason }
  | { readonly type: 'exit'; readonly reason: Reason }
  | { readonly type: 'trapExit'; readonly flag: boolean }
  | { readonly type: 'register'; readonly name: string; readonly other: number }
  | { readonly type: 'unregister'; readonly name: string };

export interface Trace {
  /** What each process was sent and took, and what its own actions answered, in order. */
  readonly logs: readonly (readonly string[])[];
  /** Why each process ended; `undefined`: it lives. */
  readonly ends: readonly (string | undefined)[];
  /** With whom each process is linked, in the order of linking. */
  readonly links: readonly (readonly string[])[];
  /** Who has which name. */
  readonly names: Readonly<Record<string, string>>;
}

/** Something that programs are played on: the runtime, or the model of it. */
export interface Side {
  /** `by` does it at once, whatever else it is doing. */
  act(by: number, action: Exclude<Action, { type: 'exit' }>): void;
  /** `by` is sent a message, and does it when it takes that. */
  tell(by: number, action: Action): void;
  /** Until nobody has anything to take. */
  settle(): void | Promise<void>;
  trace(): Trace;
}

export const firstProcesses = 4;
export const mostProcesses = 8;

interface Message {
  readonly text: string;
  /** The monitor that it is of. */
  readonly ref?: number;
  readonly action?: Action;
}

interface Simulated {
  readonly log: string[];
  mailbox: Message[];
  traps: boolean;
  end: Reason | undefined;
}

interface Monitor {
  readonly ref: number;
  readonly watcher: number;
  readonly target: number;
}

interface Signal {
  readonly to: number;
  readonly from: number;
  readonly reason: Reason;
  /** `link`: by a link; `sent`: by exit/2; a number: of this monitor. */
  readonly by: 'link' | 'sent' | number;
}

/**
 * Erlang's rules for signals, as plainly as they can be said: one list of links, one of monitors,
 * one of signals under way. A process is a number, and takes one message a turn.
 */
export class Model implements Side {
  readonly #processes: Simulated[] = [];
  #links: (readonly [number, number])[] = [];
  #monitors: Monitor[] = [];
  readonly #refs: number[][] = [];
  #lastRef = 0;
  readonly #names: Map<string, number> = new Map();
  readonly #signals: Signal[] = [];
  readonly #ready: number[] = [];

  constructor() {
    for (let count = 0; count < firstProcesses; count++) {
      this.#spawn();
    }
  }

  act(number: number, action: Action): void {
    const by = this.#resolve(number);
    this.#at(by).log.push(`${action.type}: ${this.#do(by, action)}`);
    this.#deliverSignals();
  }

  tell(number: number, action: Action): void {
    this.#push(this.#resolve(number), { text: 'told', action });
  }

  settle(): void {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      const { mailbox, log } = this.#at(next);
      const message = mailbox.shift();
      if (message?.action !== undefined) {
        this.act(next, message.action);
      } else if (message !== undefined) {
        log.push(message.text);
      }
      this.#makeReady(next);
    }
  }

  trace(): Trace {
    return {
      logs: this.#processes.map(({ log }) => log),
      ends: this.#processes.map(({ end }) => end),
      links: this.#processes.map((_, at) => this.#partners(at).map((other) => `P${other}`)),
      names: Object.fromEntries([...this.#names].map(([name, owner]) => [name, `P${owner}`])),
    };
  }

  #do(by: number, action: Action): string {
    switch (action.type) {
      case 'spawn':
        return this.#isAlive(by) ? this.#spawn() : 'error';
      case 'spawnLink':
        return this.#isAlive(by) ? this.#spawn(by) : 'error';
      case 'link':
        return this.#link(by, this.#resolve(action.other));
      case 'unlink':
        return this.#unlink(by, this.#resolve(action.other));
      case 'monitor':
        return this.#monitor(by, this.#resolve(action.other));
      case 'demonitor':
        return this.#demonitor(by, action.nth, action.flush);
      case 'send':
        return this.#push(this.#resolve(action.other), action);
      case 'sendByName':
        return this.#sendByName(action.name, action);
      case 'signal':
        return this.#sendExit(by, this.#resolve(action.other), action.reason);
      case 'exit':
        this.#end(by, action.reason);
        return action.reason;
      case 'trapExit':
        return this.#trapExit(by, action.flag);
      case 'register':
        return this.#register(action.name, this.#resolve(action.other));
      case 'unregister':
        return this.#names.delete(action.name) ? 'ok' : 'error';
      default:
        return action satisfies never;
    }
  }

  #spawn(parent?: number): string {
    const child = this.#processes.length;
    if (child === mostProcesses) {
      return 'full';
    }
    this.#processes.push({ log: [], mailbox: [], traps: false, end: undefined });
    this.#refs.push([]);
    // Its first turn begins its code.
    this.#push(child, { text: 'begins' });
    if (parent !== undefined) {
      this.#links.push([parent, child]);
    }
    return `P${child}`;
  }

  #link(by: number, other: number): string {
    if (by !== other && this.#isAlive(by)) {
      if (!this.#isAlive(other)) {
        this.#signals.push({ to: by, from: other, reason: 'noproc', by: 'link' });
      } else if (!this.#partners(by).includes(other)) {
        this.#links.push([by, other]);
      }
    }
    return 'ok';
  }

  #unlink(by: number, other: number): string {
    if (by !== other) {
      this.#links = this.#links.filter((link) => !(link.includes(by) && link.includes(other)));
    }
    return 'ok';
  }

  #partners(of: number): number[] {
    return this.#links.filter((link) => link.includes(of)).map(([a, b]) => (a === of ? b : a));
  }

  #monitor(watcher: number, target: number): string {
    this.#lastRef += 1;
    const ref = this.#lastRef;
    this.#refs[watcher]?.push(ref);
    if (watcher !== target && this.#isAlive(watcher)) {
      if (this.#isAlive(target)) {
        this.#monitors.push({ ref, watcher, target });
      } else {
        this.#signals.push({ to: watcher, from: target, reason: 'noproc', by: ref });
      }
    }
    return `M${ref}`;
  }

  #demonitor(watcher: number, nth: number, flush: boolean): string {
    const refs = this.#refs[watcher] as number[];
    const ref = refs[nth % refs.length];
    const wasOn = this.#monitors.some((monitor) => monitor.ref === ref);
    this.#monitors = this.#monitors.filter((monitor) => monitor.ref !== ref);
    if (flush && ref !== undefined) {
      const process = this.#at(watcher);
      process.mailbox = process.mailbox.filter((message) => message.ref !== ref);
    }
    return ref === undefined ? 'none' : String(wasOn);
  }

  #sendByName(name: string, message: Message): string {
    const owner = this.#names.get(name);
    return owner === undefined ? 'error' : this.#push(owner, message);
  }

  #sendExit(from: number, to: number, reason: Reason): string {
    if (this.#isAlive(from)) {
      this.#signals.push({ to, from, reason, by: 'sent' });
    }
    return 'ok';
  }

  #trapExit(by: number, flag: boolean): string {
    const process = this.#at(by);
    const old = process.traps;
    process.traps = flag;
    return String(old);
  }

  #register(name: string, owner: number): string {
    const isNamed = [...this.#names.values()].includes(owner);
    if (this.#names.has(name) || isNamed || !this.#isAlive(owner)) {
      return 'error';
    }
    this.#names.set(name, owner);
    return 'ok';
  }

  #deliverSignals(): void {
    for (let next = this.#signals.shift(); next !== undefined; next = this.#signals.shift()) {
      if (typeof next.by === 'number') {
        this.#push(next.to, {
          text: `DOWN M${next.by} P${next.from} ${next.reason}`,
          ref: next.by,
        });
      } else if (this.#isAlive(next.to)) {
        this.#deliverExit(next);
      }
    }
  }

  #deliverExit({ to, from, reason, by }: Signal): void {
    if (by === 'sent' && reason === 'kill') {
      this.#end(to, 'killed');
    } else if (this.#at(to).traps) {
      this.#push(to, { text: `EXIT P${from} ${reason}` });
    } else if (reason !== 'normal' || (by === 'sent' && from === to)) {
      this.#end(to, reason);
    }
  }

  #end(ended: number, reason: Reason): void {
    Object.assign(this.#at(ended), { end: reason, mailbox: [] });
    for (const to of this.#partners(ended)) {
      this.#signals.push({ to, from: ended, reason, by: 'link' });
    }
    for (const { ref, watcher, target } of this.#monitors) {
      if (target === ended) {
        this.#signals.push({ to: watcher, from: ended, reason, by: ref });
      }
    }
    this.#links = this.#links.filter((link) => !link.includes(ended));
    this.#monitors = this.#monitors.filter((each) => ![each.watcher, each.target].includes(ended));
    for (const [name, owner] of this.#names) {
      if (owner === ended) {
        this.#names.delete(name);
      }
    }
  }

  #push(to: number, message: Message): string {
    if (this.#isAlive(to)) {
      this.#at(to).mailbox.push(message);
      this.#makeReady(to);
    }
    return 'true';
  }

  /** First come, first served. */
  #makeReady(number: number): void {
    if (this.#at(number).mailbox.length > 0 && !this.#ready.includes(number)) {
      this.#ready.push(number);
    }
  }

  #isAlive(number: number): boolean {
    return this.#at(number).end === undefined;
  }

  #resolve(number: number): number {
    return number % this.#processes.length;
  }

  #at(number: number): Simulated {
    return this.#processes[number] as Simulated;
  }
}
