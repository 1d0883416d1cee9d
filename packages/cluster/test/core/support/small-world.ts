import {
  MemoryTables,
  type NodeAction,
  NodeCore,
  type NodeCoreOptions,
  type NodeEvent,
  type Now,
  type Request,
  timesOf,
} from '../../../src/core.ts';

type Options = Pick<NodeCoreOptions, 'busy' | 'maxStrikes' | 'firstHandledAt'> & {
  readonly weight?: number;
};

interface WorldNode {
  readonly name: string;
  readonly core: NodeCore;
  wakeAt: number;
  isUp: boolean;
}

/** A request is executed and answered; executed only; or never there. */
type Fate = 'answered' | 'executed' | 'lost';

interface Entry {
  readonly at: number;
  readonly name: string;
  readonly action: NodeAction;
}

/** Nodes over one memory store without faults and without delays, on virtual time. */
export class SmallWorld {
  readonly tables: MemoryTables = new MemoryTables(() => this.date + this.rate * this.now);
  /** Of the store; `rate`: how fast it goes. */
  date = 0;
  rate = 0;
  readonly nodes: WorldNode[] = [];
  readonly log: Entry[] = [];
  /** What becomes of a request. */
  fate: (request: Request, node: WorldNode) => Fate = () => 'answered';
  /** Whether somebody changes rows of streams at this time. */
  isLocked = false;
  /** Called before a request is executed. */
  before: (request: Request, node: WorldNode) => void = () => undefined;
  /** What a clock of a node shows, if that is not the time. */
  time: (node: WorldNode) => Now = () => ({ now: this.now, date: this.now });
  readonly #ttl: number;
  readonly #keys: readonly string[];
  #ids = 0;
  now = 0;

  constructor(ttl: number, keys: readonly string[]) {
    this.#ttl = ttl;
    this.#keys = keys;
  }

  add(name: string, { weight = 1, ...options }: Options = {}): WorldNode {
    const core = new NodeCore({
      name,
      weight,
      host: 'host',
      pid: 1,
      times: timesOf(this.#ttl),
      random: () => 0,
      newId: () => `id ${(this.#ids += 1)}`,
      ...options,
    });
    const node = { name, core, wakeAt: Infinity, isUp: true };
    this.nodes.push(node);
    this.step(node, { type: 'listed', keys: this.#keys });
    return node;
  }

  /** Power off. */
  kill(node: WorldNode): void {
    node.isUp = false;
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const up = this.nodes.filter(({ isUp }) => isUp);
      const next = up.toSorted((a, b) => a.wakeAt - b.wakeAt)[0];
      if (next === undefined || next.wakeAt > end) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, next.wakeAt);
      this.step(next, { type: 'tick' });
    }
  }

  step(node: WorldNode, event: NodeEvent): void {
    const events = [event];
    for (let each = events.shift(); each !== undefined; each = events.shift()) {
      for (const action of node.core.step(each, this.time(node))) {
        this.log.push({ at: this.now, name: node.name, action });
        events.push(...this.#act(node, action));
      }
    }
  }

  /** The actions of one type since the last call of `clear`. */
  actions<Type extends NodeAction['type']>(
    type: Type,
  ): readonly (Entry & { readonly action: Extract<NodeAction, { type: Type }> })[] {
    return this.log.filter(
      (entry): entry is Entry & { readonly action: Extract<NodeAction, { type: Type }> } =>
        entry.action.type === type,
    );
  }

  /** The requests of one type since then. */
  requests<Type extends Request['type']>(type: Type): readonly Extract<Request, { type: Type }>[] {
    return this.actions('ask')
      .map(({ action }) => action.request)
      .filter((request): request is Extract<Request, { type: Type }> => request.type === type);
  }

  clear(): void {
    this.log.length = 0;
  }

  /** How many streams the store gives to each node, by name. */
  get owned(): Readonly<Record<string, number>> {
    const owners = this.#keys.map((key) => this.tables.owner(key)?.owner);
    return Object.fromEntries(
      this.nodes.map(({ name, core }) => [name, owners.filter((id) => id === core.id).length]),
    );
  }

  /** The name of the node that the store gives each stream to. */
  get owners(): Readonly<Record<string, string | undefined>> {
    const nameOf = (id: string | undefined): string | undefined =>
      this.nodes.find(({ core }) => core.id === id)?.name;
    return Object.fromEntries(
      this.#keys.map((key) => [key, nameOf(this.tables.owner(key)?.owner)]),
    );
  }

  #act(node: WorldNode, action: NodeAction): readonly NodeEvent[] {
    switch (action.type) {
      case 'wake':
        node.wakeAt = action.at;
        return [];
      case 'left':
        node.isUp = false;
        return [];
      case 'stop':
        return action.how === 'inOrder'
          ? [{ type: 'stopped', stream: action.stream, outcome: 'drained' }]
          : [];
      case 'ask':
        return [this.#ask(node, action.request)];
      default:
        return [];
    }
  }

  #ask(node: WorldNode, request: Request): NodeEvent {
    this.before(request, node);
    const fate = this.fate(request, node);
    const answer = fate === 'lost' ? undefined : this.#answer(request, this.time(node));
    return fate === 'answered' && answer !== undefined
      ? answer
      : { type: 'failed', request: request.type, error: new Error('no answer') };
  }

  #answer(request: Request, sentAt: Now): NodeEvent {
    const { tables } = this;
    switch (request.type) {
      case 'join':
        return {
          type: 'joined',
          sentAt,
          holder: tables.join(request.node, request.renewal),
        };
      case 'declare':
        tables.declare(request.streams);
        return { type: 'declared', isComplete: !this.isLocked };
      case 'renew': {
        const isGood = tables.renew(request.id, request.renewal, request.facts);
        return { type: 'renewed', sentAt, isGood };
      }
      case 'watch':
        return { type: 'watched', nodes: tables.watch() };
      case 'observe':
        return { type: 'viewed', view: tables.observe(request.id, request.dead, request.held) };
      case 'claim':
        return { type: 'claimed', claims: tables.claim(request.id, request.wanted) };
      case 'release':
        return { type: 'released', keys: tables.save(request.id, request.rows) };
      default:
        tables.leave(request.id);
        return { type: 'left' };
    }
  }
}
