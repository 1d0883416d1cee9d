import type { ExplainedMessage } from '@reprise/actor/inspect';
import { redactedStart } from '@reprise/actor/text';

import type { History } from '../history/history.ts';
import type { Asked } from './explanations.ts';

/** One of the newest messages of a process. Spans are in ms, up to the moment of the answer. */
export interface LastMessage {
  /** Its kind and its name, such as `cast add`, `call get`, `info DOWN geocoder`. */
  readonly name: string;
  readonly outcome: ExplainedMessage['outcome'];
  /** How long ago it came; `undefined` if that was before anybody asked. */
  readonly age: number | undefined;
  /** How long it waited, or has waited; `undefined` if it came before anybody asked. */
  readonly waited: number | undefined;
  /** How long its callback took, or has taken; `undefined` while it waits. */
  readonly took: number | undefined;
}

/** The newest first. The message in hand is the last of them if it was taken before. */
export function lastMessages(
  { explanation, since }: Asked,
  history: History,
  now: number,
): readonly LastMessage[] {
  const { messages, inHand } = explanation;
  const known = messages.toReversed().map(({ message, outcome, at, waited, took }) => {
    const times = at <= since ? unknownTimes : { age: now - at, waited };
    return { name: nameOf(message, history), outcome, ...times, took };
  });
  if (inHand?.message === undefined || known.some(({ outcome }) => outcome === 'inHand')) {
    return known;
  }
  const name = nameOf(inHand.message, history);
  const took = inHand.since === undefined ? undefined : now - inHand.since;
  return [...known, { name, outcome: 'inHand', ...unknownTimes, took }];
}

const unknownTimes = { age: undefined, waited: undefined } as const;

/** A name alone: what else a message holds is shown while it is in hand. */
function nameOf(message: unknown, history: History): string {
  const { cast, call, type, pid } = Object(message) as Readonly<Record<string, unknown>>;
  if (typeof cast === 'string' || typeof call === 'string') {
    return typeof cast === 'string' ? `cast ${clip(cast)}` : `call ${clip(String(call))}`;
  }
  const name = typeof message === 'string' ? message : type;
  return typeof name === 'string' && isName.test(name)
    ? `info ${clip(name)}${placeOf(pid, history)}`
    : 'info';
}

const longest = 60;
/** Other texts are data rather than a name. */
const isName = /^[\w.:/ -]{1,40}$/;

function clip(name: string): string {
  return redactedStart(name, longest);
}

/** The child that a message such as `DOWN` tells of, with a space before it. */
function placeOf(pid: unknown, history: History): string {
  const [, id] = (typeof pid === 'string' && /^#Pid<(\d+)>$/.exec(pid)) || [];
  const place = id === undefined ? undefined : history.presenceOf(Number(id));
  return place === undefined ? '' : ` ${clip(place.row.name)}`;
}
