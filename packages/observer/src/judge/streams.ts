import type { Look, Moment } from '../look/looker.ts';
import type { StreamLook } from '../look/stream-look.ts';
import { durationText } from './duration.ts';
import { type Finding, findingOf } from './finding.ts';
import type { JudgeOptions } from './limits.ts';

type Limits = Required<JudgeOptions>;

const hour = 3_600_000;
/** So many failed attempts are a warning. */
const fewAttempts = 2;
/** A silence of so many usual gaps is unusual. */
const unusual = 20;
const warningPart = 6;

export function judgeStreams(look: Look, limits: Limits): readonly Finding[] {
  return [
    ...look.streams.flatMap((stream) => [
      ...stuck(stream, look, limits),
      ...notConnected(stream, look, limits),
      ...silent(stream, look, limits),
    ]),
    ...look.ignored.flatMap((moment) => lossPossible(moment, look)),
  ];
}

/** The client reads nothing meanwhile: nobody knows how much waits. */
function stuck({ path, inHandSince }: StreamLook, { at }: Look, limits: Limits) {
  const age = at - (inHandSince ?? at);
  return inHandSince === undefined || age < limits.stuck / warningPart
    ? []
    : findingOf('stuck', {
        level: age >= limits.stuck ? 'critical' : 'warning',
        path,
        title: `${path} is stuck for ${durationText(age)}`,
        detail: 'The handler of an event has not settled, and nothing more is read.',
        since: inHandSince,
      });
}

function notConnected(stream: StreamLook, { at }: Look, limits: Limits): readonly Finding[] {
  const { path, state, lostAt, attempt, failure = 'no attempt has failed' } = stream;
  // While connecting, the current attempt is counted and has not failed.
  const failed = attempt - Number(state === 'connecting');
  const age = at - (lostAt ?? at);
  const isLong = lostAt !== undefined && age >= limits.notConnected;
  return !isLong && failed < fewAttempts
    ? []
    : findingOf('notConnected', {
        level: isLong ? 'critical' : 'warning',
        path,
        title: `${path} is not connected for ${durationText(age)}`,
        detail: `${failed} attempts have failed: ${failure}.${nextAttempt(stream, at)}`,
        since: lostAt ?? at,
      });
}

function nextAttempt({ attempt, nextAttemptAt }: StreamLook, now: number): string {
  return nextAttemptAt === undefined
    ? ''
    : ` Attempt ${attempt + 1} is in ${durationText(Math.max(0, nextAttemptAt - now))}.`;
}

function silent(stream: StreamLook, { at }: Look, limits: Limits): readonly Finding[] {
  const { path, state, heardAt, usualGap = 0, inHandSince } = stream;
  const { idleTimeout = Infinity } = stream;
  const silence = at - (heardAt ?? at);
  const isUnusual = silence >= limits.silent && silence > usualGap * unusual;
  // With no limit there is no half of it: only what is usual counts.
  const isHalf = idleTimeout === Infinity ? usualGap > 0 : silence > idleTimeout / 2;
  return state !== 'connected' || inHandSince !== undefined || !isUnusual || !isHalf
    ? []
    : findingOf('silent', {
        level: 'warning',
        path,
        title: `${path} is silent: nothing for ${durationText(silence)}`,
        detail: `Connected${usual(usualGap)}.${hangsUp(idleTimeout - silence)}`,
        since: heardAt ?? at,
      });
}

function usual(gap: number): string {
  return gap === 0 ? '' : `, and before that an event every ${durationText(gap)}`;
}

function hangsUp(left: number): string {
  return left === Infinity ? '' : ` It hangs up in ${durationText(Math.max(0, left))}.`;
}

function lossPossible({ path, at: since, text }: Moment, { at }: Look): readonly Finding[] {
  return at - since > hour
    ? []
    : findingOf('lossPossible', {
        level: 'warning',
        path,
        title: `${path} may have lost events`,
        detail: `The server has ignored the cursor: ${text}.`,
        since,
      });
}
