import {
  type Destination,
  GenServer,
  type Named,
  type Pid,
  pidOf,
  type Receiver,
  send,
  sleep,
} from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { Ask, Note, Plan, After } from './asks.ts';
import type { Server } from './behaviour.ts';
import type { CallRules, Outcome, Ticket } from './rules.ts';

/** How a caller writes to a server. The first is the tamest. */
export const hows = ['call', 'cast', 'info', 'request', 'wait', 'notice', 'collect'] as const;

/** Tells a caller to do an act. */
export interface Order {
  readonly type: 'order';
  readonly how: (typeof hows)[number];
  readonly server: Server;
  /** The name of that server, to write to in place of its pid. */
  readonly named: Named<Server> | undefined;
  readonly plan: Plan;
  readonly after: After;
  readonly ms: number;
  readonly timeout: number;
}

export type CallerMail = Order | GenServer.ResponseMessage;

/** A process that writes to servers in every way, and follows each call to its end. */
export class Caller {
  readonly #self: Receiver<CallerMail>;
  readonly #rules: CallRules;
  readonly #verdict: Verdict;
  /** Its requests whose response comes as a message. */
  readonly #noticed: Map<GenServer.RequestId, Ticket> = new Map();

  constructor(self: Receiver<CallerMail>, rules: CallRules, verdict: Verdict) {
    this.#self = self;
    this.#rules = rules;
    this.#verdict = verdict;
  }

  async serve(): Promise<void> {
    for (;;) {
      const message = await this.#self.receive();
      if (message.type === 'order') {
        await this.#acts[message.how](message);
      } else {
        this.#notice(message);
      }
    }
  }

  readonly #acts: Readonly<Record<Order['how'], (order: Order) => void | Promise<void>>> = {
    call: (order) => {
      const { timeout } = order;
      const ask = this.#ask(order, timeout);
      const call = GenServer.call(addressOf(order), 'ask', ask, { timeout, self: this.#self });
      void this.#rules.follow(ask.ticket, call);
    },
    cast: (order) => {
      GenServer.cast(addressOf(order), 'note', this.#note(order));
    },
    info: (order) => {
      send(order.server as Pid as Pid<Note>, this.#note(order));
    },
    request: (order) => {
      void this.#request(order);
    },
    wait: (order) => this.#wait(order),
    notice: (order) => {
      const ask = this.#ask(order, Infinity);
      const request = GenServer.sendRequest(addressOf(order), 'ask', ask, { self: this.#self });
      this.#noticed.set(request, ask.ticket);
    },
    collect: (order) => this.#collect(order),
  };

  #ask({ server, plan, after, ms }: Order, timeout: number): Ask {
    const ticket = this.#rules.asks(this.#self.pid, server, timeout);
    return { ticket, plan, after, ms };
  }

  #note({ server, after, ms }: Order): Note {
    const sender = this.#self.pid;
    const place = this.#rules.sends(sender, server);
    return { type: 'note', sender, place, after, ms };
  }

  /** Takes other messages meanwhile, and gives up after the timeout. */
  async #request(order: Order): Promise<void> {
    const { timeout } = order;
    const ask = this.#ask(order, timeout);
    const request = GenServer.sendRequest(addressOf(order), 'ask', ask);
    this.#settles(ask.ticket, await GenServer.receiveResponse(request, { timeout }));
  }

  /** Waits in pieces, takes no message meanwhile, and must not be told of the response later. */
  async #wait(order: Order): Promise<void> {
    const self = this.#self;
    const timeout = order.ms;
    const ask = this.#ask(order, Infinity);
    const request = GenServer.sendRequest(addressOf(order), 'ask', ask, { self });
    await sleep(self, timeout);
    const first = await GenServer.waitResponse(request, { timeout });
    if (first.type !== 'timeout') {
      this.#settles(ask.ticket, first);
      return;
    }
    ask.ticket.deadline = self.system.clock.now() + timeout;
    this.#settles(ask.ticket, await GenServer.receiveResponse(request, { timeout }));
  }

  /** Several requests at a time, each response with the label of its request. */
  async #collect(order: Order): Promise<void> {
    const requests = new Map<GenServer.RequestId, Ticket>();
    for (const plan of ['now', order.plan, 'slow'] as const) {
      const ask = this.#ask({ ...order, plan }, Infinity);
      requests.set(GenServer.sendRequest(addressOf(order), 'ask', ask), ask.ticket);
    }
    while (requests.size > 0) {
      await this.#collectOne(requests, order.timeout);
    }
  }

  async #collectOne(requests: Map<GenServer.RequestId, Ticket>, timeout: number): Promise<void> {
    const open = [...requests.values()];
    const deadline = this.#self.system.clock.now() + timeout;
    const response = await GenServer.receiveResponse(requests, { timeout });
    if (response.type === 'noRequest') {
      this.#verdict.expect(false, () => `${String(open[0])} is no request any more`);
    } else if (response.type === 'timeout') {
      for (const ticket of open) {
        ticket.deadline = deadline;
        this.#settles(ticket, response);
      }
    } else {
      this.#settles(response.label, response);
    }
  }

  #notice(message: GenServer.ResponseMessage): void {
    const ticket = this.#noticed.get(message.request);
    this.#verdict.expect(ticket !== undefined, () => 'told of a response that was taken before');
    if (ticket !== undefined) {
      this.#settles(ticket, GenServer.checkResponse(message, this.#noticed));
    }
  }

  #settles(ticket: Ticket, response: Outcome | GenServer.NoResponse | GenServer.NoRequest): void {
    if (response.type === 'noReply' || response.type === 'noRequest') {
      this.#verdict.expect(false, () => `${String(ticket)} got ${response.type}`);
    } else {
      this.#rules.settles(ticket, response);
    }
  }
}

/** Its name, if it still has it. */
function addressOf({ server, named }: Order): Destination<Server> {
  return named !== undefined && pidOf(named) === server ? named : server;
}
