import type { Look, Mailbox, Moment } from '../look/looker.ts';
import { durationText } from './duration.ts';
import { type Finding, findingOf } from './finding.ts';
import type { JudgeOptions } from './limits.ts';

type Limits = Required<JudgeOptions>;

const fiveMinutes = 300_000;
/** How long a mailbox has to grow. */
const growth = 60_000;

/** Mailboxes that grow, dropped messages, and callbacks that hold the thread. */
export function judgeMailboxes(look: Look, limits: Limits): readonly Finding[] {
  const { at, mailboxes, dropped, slow } = look;
  return [
    ...mailboxes.flatMap((mailbox) => flooded(mailbox, at, limits)),
    ...recent(dropped, at).flatMap(({ path, at: since }) =>
      findingOf('dropped', {
        level: 'warning',
        path,
        title: `${path} has dropped messages`,
        detail: `Its mailbox was full, ${durationText(at - since)} ago at last.`,
        since,
      }),
    ),
    ...recent(slow, at).flatMap(({ path, text, at: since }) =>
      findingOf('blocked', {
        level: 'warning',
        path,
        title: `${path} has held the thread for ${text}`,
        detail: `It was ${durationText(at - since)} ago. No other process runs meanwhile.`,
        since,
      }),
    ),
  ];
}

function flooded(mailbox: Mailbox, now: number, { flooded: most }: Limits): readonly Finding[] {
  const { path, messages, growsSince } = mailbox;
  return messages < most || now - growsSince < growth
    ? []
    : findingOf('flooded', {
        level: 'critical',
        path,
        title: `${path} is flooded: ${messages} messages wait`,
        detail: `Its mailbox has not shrunk for ${durationText(now - growsSince)}.`,
        since: growsSince,
      });
}

function recent(moments: readonly Moment[], now: number): readonly Moment[] {
  return moments.filter(({ at }) => now - at <= fiveMinutes);
}
