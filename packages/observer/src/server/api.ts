import type { System } from '@reprise/actor';

import { judge } from '../judge/judge.ts';
import { look } from '../look/look.ts';
import type { CrashGroup, CrashReport } from '../recording/crash-book.ts';
import { record, type Recording } from '../recording/record.ts';
import { type Answer, json, plain, type Question } from './exchange.ts';
import type { ShowOptions } from './options.ts';
import type { Api } from './site.ts';

/** The data of a system, each kind below a name of its own. */
export function createApi(system: System, options: ShowOptions): Api {
  return new SystemApi(system, options);
}

class SystemApi implements Api {
  readonly #system: System;
  readonly #recording: Recording;
  readonly #options: ShowOptions;

  constructor(system: System, options: ShowOptions) {
    this.#system = system;
    this.#recording = record(system);
    this.#options = options;
  }

  get(path: string, { query }: Question): Answer | undefined {
    switch (path) {
      case 'overview':
        return this.#overview();
      case 'streams':
        return json(this.#recording.streams);
      case 'crashes':
        return json(this.#recording.crashes.map((group) => this.#shown(group)));
      case 'at':
        return this.#at(query.get('time'));
      default:
        return undefined;
    }
  }

  post(): Answer | undefined {
    return undefined;
  }

  #overview(): Answer {
    const seen = look(this.#system);
    return json({ ...judge(seen), look: seen });
  }

  #shown(group: CrashGroup): CrashGroup {
    return this.#options.state === 'hide'
      ? { ...group, first: hidden(group.first), last: hidden(group.last) }
      : group;
  }

  #at(time: string | null): Answer {
    return time === null || !Number.isFinite(Number(time))
      ? plain(400, 'Expected time, in ms on the clock of the system')
      : json(this.#recording.at(Number(time)));
  }
}

function hidden(report: CrashReport): CrashReport {
  return { ...report, message: undefined, state: undefined };
}
