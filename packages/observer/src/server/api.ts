import { isAlive, type Pid, type System } from '@reprise/actor';

import type { EndedLife } from '../history/endings.ts';
import { judge } from '../judge/judge.ts';
import { crashesOf, type ToldCrashes } from '../live/crashes.ts';
import { changesAround } from '../live/hour.ts';
import { linksOf } from '../live/links.ts';
import { liveOf, type Live } from '../live/live.ts';
import { processPage } from '../live/process.ts';
import { type PageOptions, windowOf } from '../live/reader.ts';
import { look } from '../look/look.ts';
import { metrics } from '../metrics/metrics.ts';
import type { CrashReport } from '../recording/crash-book.ts';
import { type Recorded, recordedOf } from '../recording/record.ts';
import { Actions, pathIn } from './actions.ts';
import { type Answer, json, jsonText, plain, type Question } from './exchange.ts';
import type { ShowOptions } from './options.ts';
import type { Api } from './site.ts';

/**
 * The data of a system, each kind below a name of its own. `own`: the server of the page, which no
 * action may end.
 */
export function createApi(system: System, options: ShowOptions, own?: Pid): Api {
  return new SystemApi(system, options, own);
}

class SystemApi implements Api {
  readonly #system: System;
  readonly #recording: Recorded;
  readonly #live: Live;
  readonly #options: ShowOptions;
  readonly #actions: Actions;
  readonly #page: PageOptions;

  constructor(system: System, options: ShowOptions, own: Pid | undefined) {
    this.#system = system;
    this.#recording = recordedOf(system).hold();
    this.#live = liveOf(system);
    this.#options = options;
    const { judge: limits = {}, actions = [] } = options;
    this.#page = { judge: limits, actions };
    this.#actions = new Actions(system, this.#live, actions, own);
  }

  get(path: string, question: Question): Answer | undefined {
    const { query } = question;
    const [, kind, pid] = /^(process|life)\/(\d{1,15})$/.exec(path) ?? [];
    if (kind !== undefined) {
      return kind === 'life'
        ? this.#lifeOf(Number(pid))
        : this.#process(Number(pid), query.has('messages'));
    }
    switch (path) {
      case 'live':
        return this.#stream(question);
      case 'tree':
        return this.#tree();
      case 'find':
        return this.#find(query.get('q'));
      case 'lives':
        return json(this.#livesOf(query.get('path')));
      case 'changes':
        return this.#changes(query.get('time'));
      case 'overview':
        return this.#overview();
      case 'links':
        return json(linksOf(this.#system));
      case 'metrics':
        return json(metrics(this.#system));
      case 'streams':
        return json(this.#recording.streams);
      case 'crashes':
        return json(this.#crashes());
      case 'at':
        return this.#at(query.get('time'));
      default:
        return undefined;
    }
  }

  async post(path: string, body: unknown, address: string): Promise<Answer | undefined> {
    const [, action] = /^act\/(\w{1,10})$/.exec(path) ?? [];
    if (action !== undefined) {
      return this.#actions.act(action, body, address);
    }
    const [, reader] = /^live\/(\w{1,40})\/window$/.exec(path) ?? [];
    return reader !== undefined && this.#live.setWindow(reader, windowOf(body))
      ? { status: 204, headers: { 'cache-control': 'no-store' }, body: '' }
      : undefined;
  }

  end(reason: string): void {
    this.#live.end(reason, this.#page);
  }

  #stream(question: Question): Answer {
    if (!isAlive(this.#system.pid)) {
      return plain(410, 'The system has ended');
    }
    if (this.#live.isFull) {
      return plain(503, 'Expected at most 20 readers', { 'retry-after': '10' });
    }
    const [lastEventId = ''] = question.header('last-event-id');
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      body: (sink) => {
        this.#live.add(sink, lastEventId, this.#page);
      },
    };
  }

  #tree(): Answer {
    const { snapshot } = this.#live.structure();
    return jsonText(`{"at":${this.#system.clock.now()},"rows":${snapshot}}`);
  }

  /** Rows by a part of their id, or by `#pid`, with their paths. */
  #find(query: string | null): Answer {
    const needle = query?.trim().toLowerCase() ?? '';
    if (needle === '') {
      return plain(400, 'Expected q, a part of an id or #pid');
    }
    const structure = this.#live.structure();
    const found = [...structure.rows].filter(
      ({ id, pid }) => id.toLowerCase().includes(needle) || `#${pid}` === needle,
    );
    return json(found.slice(0, mostFound).map((row) => ({ path: pathIn(structure, row), ...row })));
  }

  #process(pid: number, withMessages: boolean): Answer | undefined {
    const page = processPage(this.#system, this.#recording, pid, {
      state: this.#options.state !== 'hide',
      explanations: withMessages ? this.#live.explanations : undefined,
    });
    return page && json(page);
  }

  /** The newest of the lives of one place. */
  #livesOf(path: string | null): readonly EndedLife[] {
    return path === null ? [] : this.#recording.endsAt(path, mostLives);
  }

  /** A process that has ended. */
  #lifeOf(pid: number): Answer | undefined {
    const life = this.#recording.endOf(pid);
    return life && json(life);
  }

  #changes(time: string | null): Answer {
    return isTime(time) ? json(changesAround(this.#recording, Number(time), 12)) : wantsTime;
  }

  #overview(): Answer {
    const seen = look(this.#system);
    return json({ ...judge(seen, this.#options.judge), look: seen });
  }

  #crashes(): readonly ToldCrashes[] {
    const all = crashesOf(this.#system, this.#recording);
    return all.map((group) => this.#shown(group));
  }

  #shown(group: ToldCrashes): ToldCrashes {
    return this.#options.state === 'hide'
      ? { ...group, first: hidden(group.first), last: hidden(group.last) }
      : group;
  }

  #at(time: string | null): Answer {
    return isTime(time) ? json(this.#recording.at(Number(time))) : wantsTime;
  }
}

const mostFound = 100;
const mostLives = 100;

/** `Number('')` is 0. */
function isTime(text: string | null): boolean {
  return text !== null && text.trim() !== '' && Number.isFinite(Number(text));
}

const wantsTime = plain(400, 'Expected time, in ms on the clock of the system');

function hidden(report: CrashReport): CrashReport {
  return { ...report, message: undefined, state: undefined };
}
