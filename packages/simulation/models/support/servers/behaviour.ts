import {
  type ExitMessage,
  GenServer,
  noreply,
  type NoReply,
  normal,
  ok,
  type Reply,
  send,
  shutdown,
  sleep,
  type Stop,
  stop,
  type StopReply,
  trapExit,
} from '@reprise/actor';

import type { Ask, Note, Plan, Setting } from './asks.ts';
import { Desk } from './desk.ts';

type Answered =
  | NoReply<Desk, number>
  | Reply<unknown, Desk, number>
  | Stop<Desk>
  | StopReply<unknown, Desk>;
type From = GenServer.From<unknown>;
type Answerer = (ask: Ask, desk: Desk, from: From) => Answered | Promise<Answered>;

const answerers: Readonly<Record<Plan, Answerer>> = {
  now: (ask, desk) => replyTo(ask, desk, true),
  slow: async (ask, desk) => {
    await sleep(desk.self, ask.ms);
    return replyTo(ask, desk, false);
  },
  hold: ({ ticket, after, ms }, desk, from) => {
    desk.holds(ticket, from);
    return desk.noreply(after, ms);
  },
  elsewhere: ({ ticket, after, ms }, desk, from) => {
    send(desk.setting.helper, { from, ticket, ms });
    return desk.noreply(after, ms);
  },
  twice: (ask, desk, from) => {
    GenServer.reply(from, desk.setting.rules.answers(ask.ticket, true));
    return replyTo(ask, desk, true);
  },
  forward: async (ask, desk) => {
    await desk.setting.forward(ask, desk.self.pid);
    return replyTo(ask, desk, false);
  },
  never: ({ after, ms }, desk) => desk.noreply(after, ms),
  stopReply: ({ ticket }, desk) => {
    const { rules, terminating } = desk.setting;
    return stop(normal, rules.answers(ticket, terminating === 0), desk);
  },
  stop: (_ask, desk) => stop(shutdown, desk),
  throw: () => {
    throw bug;
  },
  slowThrow: async ({ ms }, desk) => {
    await sleep(desk.self, ms);
    throw bug;
  },
};

/** One for all: to make a stack is slow. */
const bug = new Error('a bug');

/** `isSure`: nothing can end the server between this and its answer. */
function replyTo({ ticket, after, ms }: Ask, desk: Desk, isSure: boolean): Answered {
  return desk.reply(desk.setting.rules.answers(ticket, isSure), after, ms);
}

type Info = Note | ExitMessage | { readonly type: 'timeout' };

/** A server that answers in every way, and checks each request and its time. */
export const answering = GenServer.define({
  init: (setting: Setting, self) => {
    trapExit(self, setting.trapsExits);
    return ok(new Desk(setting, self));
  },
  handleCall: {
    ask: (ask: Ask, desk, from: From) => {
      desk.takes(ask.ticket.sender, ask.ticket.place);
      ask.ticket.isTaken = true;
      return answerers[ask.plan](ask, desk, from);
    },
  },
  handleCast: {
    note: (note: Note, desk) => desk.notes(note),
    release: (_: undefined, desk) => desk.releases(),
  },
  handleInfo: (message: Info, desk) => {
    if (message.type === 'note') {
      return desk.notes(message);
    }
    return message.type === 'timeout' ? desk.idles() : noreply(desk);
  },
  handleContinue: (value: number, desk) => desk.goesOn(value),
  terminate: (_reason, { setting: { terminating }, self }) =>
    terminating > 0 ? sleep(self, terminating) : undefined,
});

export type Server = GenServer.ServerOf<typeof answering>;
