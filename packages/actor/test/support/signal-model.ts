/** An exit reason: its type, or the text of a crash. */
export type Reason = 'normal' | 'shutdown' | 'kill' | 'killed' | 'noproc' | 'boom' | 'bye';

/**
 * An action of one process. Numbers stand for processes, and for the monitors of a process, modulo
 * how many there are.
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
  /** Per process, in order: the messages it took, and the results of its own actions. */
  readonly logs: readonly (readonly string[])[];
  /** Per process: why it ended, or `undefined` while it lives. */
  readonly ends: readonly (string | undefined)[];
  /** Per process: the linked processes, in the order of linking. */
  readonly links: readonly (readonly string[])[];
  /** The owner of each name. */
  readonly names: Readonly<Record<string, string>>;
}

/** A system that runs the actions of a test: the real one, or the model of it. */
export interface SignalSystem {
  /** `by` performs the action at once, even in the middle of another turn. */
  act(by: number, action: Exclude<Action, { type: 'exit' }>): void;
  /** `by` is sent a message, and performs the action when it takes that message. */
  order(by: number, action: Action): void;
  /** Runs until all mailboxes are empty. */
  settle(): void | Promise<void>;
  trace(): Trace;
}

export const initialProcesses = 4;
export const maxProcesses = 8;

interface Message {
  readonly text: string;
  /** The monitor, if this is a DOWN message. */
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
  /** `link`: over a link; `sent`: by exit/2; a number: from the monitor with this ref. */
  readonly by: 'link' | 'sent' | number;
}

/**
 * Erlang's rules for signals in their simplest form: one list of links, one of monitors, one of
 * signals in flight. A process is a number, and takes one message in each turn.
 */
export class Model implements SignalSystem {
  readonly #processes: Simulated[] = [];
  #links: (readonly [number, number])[] = [];
  #monitors: Monitor[] = [];
  readonly #refs: number[][] = [];
  #lastRef = 0;
  readonly #names: Map<string, number> = new Map();
  readonly #signals: Signal[] = [];
  readonly #ready: number[] = [];

  constructor() {
    for (let count = 0; count < initialProcesses; count++) {
      this.#spawn();
    }
  }

  act(number: number, action: Action): void {
    const by = this.#resolve(number);
    this.#at(by).log.push(`${action.type}: ${this.#do(by, action)}`);
    this.#deliverSignals();
  }

  order(number: number, action: Action): void {
    this.#push(this.#resolve(number), { text: 'order', action });
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
    if (child === maxProcesses) {
      return 'full';
    }
    this.#processes.push({ log: [], mailbox: [], traps: false, end: undefined });
    this.#refs.push([]);
    // The runtime uses the first turn of a process to start its function.
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

  /** Processes take their turns in the order in which they became ready. */
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
