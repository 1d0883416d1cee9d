import {
  alias,
  type AliasMode,
  type AliasRef,
  demonitor,
  exit,
  type ExitReason,
  kill,
  link,
  monitor,
  normal,
  type Process,
  send,
  shutdown,
  sleep,
  trapExit,
  unalias,
  unlink,
} from '@reprise/actor';

import { at } from '../at.ts';
import { later } from '../later.ts';
import type { Peer } from './peer.ts';
import type { Mail, Order, Stage } from './stage.ts';

/** The rules are told first: the act may end the process, or others, before it returns. */
type Act = (stage: Stage, self: Process, me: Peer, order: Order) => void | Promise<void>;

/** An abnormal end without a report: a report is slow. */
const failed: ExitReason = { type: 'timeout' };
const reasons: readonly ExitReason[] = [normal, shutdown, failed, kill];
const aliases: readonly (AliasMode | undefined)[] = [
  undefined,
  'explicitUnalias',
  'demonitor',
  'replyDemonitor',
];

/** The acts of a process, on an order. The first is the tamest. */
export const acts: Readonly<Record<string, Act>> = {
  say: (stage, _self, me, { other }) => {
    stage.say(me, other);
  },
  sayToAlias: (stage, _self, me, { other }) => {
    const ref = other.refs.at(-1) as AliasRef<Mail> | undefined;
    if (ref !== undefined) {
      const words = stage.words(me);
      stage.rules.saysToAlias(me, ref, words.of);
      send(ref, words);
    }
  },
  sayUrgently: (stage, _self, me, { other, choice }) => {
    const ref = other.urgent as AliasRef<Mail> | undefined;
    if (ref !== undefined) {
      const type = choice % 3 === 0 ? 'words' : 'urgent';
      const words = { ...stage.words(me), type } as const;
      stage.rules.says(me, other, words.of, type);
      send(ref, words, { priority: type === 'urgent' });
    }
  },
  takeUrgent: (_stage, self, me) => {
    me.urgent ??= alias(self, { priority: true });
  },
  listen: (_stage, _self, me, { choice }) => {
    me.listens = choice % 4;
  },
  monitor: (stage, self, me, { other, choice }) => {
    const mode = at(aliases, choice);
    const ref = monitor(self, other.pid, mode === undefined ? {} : { alias: mode });
    stage.rules.monitors(me, other, ref, mode);
  },
  demonitor: (stage, self, me, { choice }) => {
    const ref = me.refs[choice % Math.max(1, me.refs.length)];
    if (ref !== undefined) {
      const flush = choice % 2 === 0;
      const wasOn = stage.rules.demonitors(ref, flush);
      const found = demonitor(self, ref, { flush, info: true });
      stage.verdict.expect(found === wasOn, () => `a monitor of ${me.name} was on: ${wasOn}`);
    }
  },
  unalias: (stage, self, me) => {
    const ref = me.refs.at(-1);
    if (ref !== undefined) {
      const wasOn = stage.rules.unaliases(ref);
      const found = unalias(self, ref);
      stage.verdict.expect(found === wasOn, () => `an alias of ${me.name} was on: ${wasOn}`);
    }
  },
  link: (stage, self, me, { other }) => {
    stage.rules.links(me, other);
    link(self, other.pid);
  },
  unlink: (stage, self, me, { other }) => {
    stage.rules.unlinks(me, other);
    unlink(self, other.pid);
  },
  trap: (_stage, self, me, { choice }) => {
    me.trapsExits = choice % 3 > 0;
    trapExit(self, me.trapsExits);
  },
  // Messages wait meanwhile, and signals do not.
  rest: (_stage, self, _me, { choice }) => sleep(self, 1 + (choice % 3)),
  raise: (stage, self, me, { choice }) => {
    stage.raise(self, me, choice);
  },
  exitOther: (stage, self, me, { other, choice }) => {
    const reason = at(reasons, choice);
    stage.rules.signals(me, other, reason, true);
    exit(self, other.pid, reason);
  },
  exitLater: async (stage, self, me, { other, choice }) => {
    await later(self, 1 + (choice % 3));
    const reason = at(reasons, choice);
    // Its code goes on after its end, and its signals are dropped.
    if (me.lives) {
      stage.rules.signals(me, other, reason, true);
    }
    exit(self, other.pid, reason);
  },
  end: (stage, self, me, { other, choice }) => {
    stage.say(me, other);
    me.intended = at(reasons, choice);
    exit(self, me.intended);
  },
};
