import { jest } from '@jest/globals';
import type { Pid } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { type ServerSentEvent, SseClient } from '../../src/index.ts';
import { Queue } from './queue.ts';
import type { Exchange, Stage } from './stage.ts';

type Options = Partial<SseClient.ResilientOptions>;
export type StatusChange = SseClient.StatusChange;
type StatusOf<Type extends StatusChange['type']> = Extract<StatusChange, { readonly type: Type }>;

/**
 * A client without a supervisor, linked to the system of its stage: when it gives up, the system
 * exits.
 */
export interface Run {
  readonly pid: Pid;
  readonly handled: Queue<ServerSentEvent>;
  /** All changes that `onStatus` got. */
  readonly statuses: readonly StatusChange[];
  /** The next change. */
  next(): Promise<StatusChange>;
  /** The next change of this type. */
  until<Type extends StatusChange['type']>(type: Type): Promise<StatusOf<Type>>;
}

export async function run(stage: Stage, options: Options = {}): Promise<Run> {
  const handled = new Queue<ServerSentEvent>();
  const statuses: StatusChange[] = [];
  const queue = new Queue<StatusChange>();
  const spec = SseClient.resilient({
    id: 'client',
    url: stage.url,
    handle: (event) => {
      handled.push(event);
    },
    onStatus: (status) => {
      statuses.push(status);
      queue.push(status);
    },
    ...options,
  });
  const pid = (await spec.start(stage.system)) as Pid;
  return {
    pid,
    handled,
    statuses,
    next: () => queue.next(),
    async until<Type extends StatusChange['type']>(type: Type) {
      for (;;) {
        const status = await queue.next();
        if (status.type === type) {
          return status as StatusOf<Type>;
        }
        if (status.type === 'gaveUp' || status.type === 'ended') {
          throw new Error(`Expected ${type} in the end, got ${JSON.stringify(status)}`);
        }
      }
    },
  };
}

/** The answer of the server to the `turn`th request. */
export type Play = (exchange: Exchange, turn: number) => void;

export const refuse = (exchange: Exchange): void => {
  exchange.refuse(503);
};

export const stream =
  (body = '') =>
  (exchange: Exchange): void => {
    exchange.stream();
    exchange.response.end(body);
  };

/** Answers the next request like that. Returns the delay of the client after it, in ms. */
export async function delayAfter(
  play: (exchange: Exchange) => void,
  stage: Stage,
  client: Run,
): Promise<number> {
  play(await stage.next());
  return (await client.until('disconnected')).after;
}

/** The delays after each of these attempts, in ms; lets the time between them pass. */
export async function delays(
  plays: readonly ((exchange: Exchange) => void)[],
  stage: Stage,
  client: Run,
): Promise<number[]> {
  const found: number[] = [];
  for (const play of plays) {
    await advance(stage.system, found.at(-1) ?? 0);
    found.push(await delayAfter(play, stage, client));
  }
  return found;
}

/** Full jitter picks a place between the floor and the ceiling of the delay by `Math.random`. */
export function jitter(place: number): void {
  jest.spyOn(Math, 'random').mockReturnValue(place);
}

export const ceiling = 1 - Number.EPSILON;
export const floor = 0;
