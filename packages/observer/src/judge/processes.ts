import type { Look } from '../look/looker.ts';
import type { RestartingChild, StuckProcess, WaitingProcess } from '../look/process-look.ts';
import { healthyAfter } from '../recording/restarts.ts';
import { durationText } from './duration.ts';
import { type Finding, findingOf } from './finding.ts';
import type { JudgeOptions } from './limits.ts';

type Limits = Required<JudgeOptions>;

const hour = 3_600_000;
/** A wait is a warning from this part of the limit on. */
const warningPart = 6;

/**
 * Restarts, losses and stuck callbacks. Findings with one cause are one: a process that waits for a
 * child in a crash loop is named there, and so is a supervisor that gives up for it, or is about
 * to.
 */
export function judgeProcesses(look: Look, limits: Limits): readonly Finding[] {
  const loops = look.restarts.filter((child) => isLoop(child, look, limits));
  const named = new Set(loops.flatMap(({ waiting }) => waiting.map(({ pid }) => pid)));
  const supervisors = new Set(loops.map(({ supervisor }) => supervisor.path));
  const above = new Set(loops.flatMap(({ path }) => pathsAbove(path)));
  return [
    ...loops.filter(({ path }) => !above.has(path)).flatMap((child) => crashLoop(child, look)),
    ...intensities(look.restarts).filter(({ path }) => !supervisors.has(path)),
    ...lost(look),
    ...look.awaiting
      .filter(({ pid }) => !named.has(pid))
      .flatMap((process) => stuck(process, look, limits)),
  ];
}

/** An id may hold the separator: then some of these are no paths. */
function pathsAbove(path: string): readonly string[] {
  return Array.from(path.matchAll(/ \/ /g), ({ index }) => path.slice(0, index));
}

function isLoop({ count, lastAt }: RestartingChild, { at }: Look, { crashLoop: most }: Limits) {
  return count >= most && at - lastAt <= healthyAfter;
}

function crashLoop(child: RestartingChild, { at }: Look): readonly Finding[] {
  const { path, count, firstAt, lastAt, reason, nextStartAt, supervisor, waiting } = child;
  const often = count === 100 ? '100 times or more' : `${count} times`;
  const next =
    nextStartAt === undefined
      ? ''
      : ` ${supervisor.path} starts it again in ${durationText(Math.max(0, nextStartAt - at))}.`;
  return findingOf('crashLoop', {
    level: 'critical',
    path,
    title: `${path} keeps crashing: ${often} in ${durationText(lastAt - firstAt)}`,
    detail: `${reason}.${next}${waiting.map(waitingText).join('')}`,
    since: firstAt,
  });
}

function waitingText({ path, messages }: WaitingProcess): string {
  return ` ${path}, which watches it, has ${messagesText(messages)} waiting.`;
}

/** One for each supervisor, however many of its children were restarted. */
function intensities(children: readonly RestartingChild[]): readonly Finding[] {
  const bySupervisor = new Map(children.map((child) => [child.supervisor.path, child]));
  return [...bySupervisor.values()].flatMap(({ path: child, lastAt, reason, supervisor }) => {
    const { path, counting, maxRestarts, maxSeconds } = supervisor;
    return counting > 0 && counting * 2 >= maxRestarts
      ? findingOf('intensity', {
          level: 'warning',
          path,
          title: `${path} has restarted children ${counting} times in ${maxSeconds} s`,
          detail: `It gives up after more than ${maxRestarts}. At last ${child}: ${reason}.`,
          since: lastAt,
        })
      : [];
  });
}

/** Of a branch that is gone, the supervisor alone. */
function lost({ at, lost: all }: Look): readonly Finding[] {
  const recent = all.filter((one) => at - one.at <= hour);
  const paths = new Set(recent.map(({ path }) => path));
  return recent
    .filter(({ path }) => !pathsAbove(path).some((one) => paths.has(one)))
    .flatMap(({ path, text, at: since }) =>
      findingOf('gaveUp', {
        level: 'critical',
        path,
        title: `${path} has ended, and is not started again`,
        detail: `${text}.`,
        since,
      }),
    );
}

function stuck(process: StuckProcess, { at }: Look, limits: Limits): readonly Finding[] {
  const { path, callback, since, messages } = process;
  const age = at - since;
  return messages === 0 || age < limits.stuck / warningPart
    ? []
    : findingOf('stuck', {
        level: age >= limits.stuck ? 'critical' : 'warning',
        path,
        title: `${path} is stuck for ${durationText(age)}`,
        detail: `${callback} has not settled, and ${messagesText(messages)} ${messages === 1 ? 'waits' : 'wait'} behind it.`,
        since,
      });
}

function messagesText(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}
