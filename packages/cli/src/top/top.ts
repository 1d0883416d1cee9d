import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';

import { escapeControls } from '@reprise/actor/text';
import type { CrashGroup, Judgement } from '@reprise/observer/wire';

import type { Sink } from '../output/sink.ts';
import type { Paint } from '../output/status-line.ts';
import { type Answers, answers, type Overview } from './answers.ts';
import { dotOf } from './dot.ts';
import { pageOf } from './frame.ts';
import { follow } from './live.ts';
import { Model } from './model.ts';
import { ask, noObserver, tell } from './observer.ts';
import type { TopOptions } from './options.ts';
import { firstView } from './view.ts';

/** The output of a run without a terminal. */
export interface Plain {
  readonly stdout: Sink;
  /** How wide lines are, in characters. */
  readonly columns: number;
}

/** Between two looks of `--watch`, in ms. */
const pause = 1000;

/**
 * Prints the output that the options ask for, once or again and again, and returns the exit status.
 * @throws (rejects) UnreachableError
 */
export async function printTop(options: TopOptions, plain: Plain): Promise<number> {
  switch (options.output) {
    case 'dot':
      return printDot(options, plain);
    case 'json':
      return printJson(options, plain);
    case 'jsonLines':
      for (;;) {
        await printJson(options, plain);
        await delay(pause);
      }
    case 'person':
      return printPage(options, plain);
    default:
      return options.output satisfies never;
  }
}

async function printJson(options: TopOptions, { stdout }: Plain): Promise<number> {
  const overview = await overviewOf(options);
  const { rows } = await answerOf(options, 'api/tree');
  const text = JSON.stringify({ ...overview, tree: rows });
  await stdout.write(`${escapeControls(text, { notation: 'json' })}\n`);
  return statusOf(overview);
}

async function printDot(options: TopOptions, { stdout }: Plain): Promise<number> {
  const { rows } = await answerOf(options, 'api/tree');
  await stdout.write(dotOf(rows, await answerOf(options, 'api/links')));
  return 0;
}

/** @throws (rejects) UnreachableError, also for an answer that no observer gives */
async function answerOf<Path extends keyof Answers>(
  options: TopOptions,
  path: Path,
): Promise<Answers[Path]> {
  const answer = await ask(options, path);
  if (!answers[path](answer)) {
    throw noObserver(options, 'other data');
  }
  return answer;
}

export function overviewOf(options: TopOptions): Promise<Overview> {
  return answerOf(options, 'api/overview');
}

export function crashesOf(options: TopOptions): Promise<readonly CrashGroup[]> {
  return answerOf(options, 'api/crashes');
}

function statusOf({ isWell }: Judgement): number {
  return isWell ? 0 : 1;
}

/** The first look has no rates; the second may be from before the request for the rows. */
const looks = 3;

async function printPage(options: TopOptions, { stdout, columns }: Plain): Promise<number> {
  await overviewOf(options);
  const crashes = await crashesOf(options);
  const model = await modelAfter(options, looks);
  const view = { ...firstView, view: options.view };
  const size = { columns, rows: Infinity };
  const paint = (_: unknown, text: string): string => text;
  const lines = pageOf({ model, view, crashes, size, paint });
  await stdout.write(`${lines.join('\n')}\n`);
  return model.judgement === undefined ? 0 : statusOf(model.judgement);
}

/** Follows the program for so many looks. */
async function modelAfter(options: TopOptions, count: number): Promise<Model> {
  const model = new Model();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = count;
  const system = await follow(options, {
    event: (type, data) => {
      model.apply(type, data);
      if (type === 'snapshot') {
        void showRows(
          options,
          model,
          [...model.rows].map(({ row }) => row),
        );
      }
      left -= type === 'rows' ? 1 : 0;
      if (left === 0) {
        resolve();
      }
    },
    lost: reject,
    refused: reject,
  });
  try {
    await promise;
  } finally {
    await system.stop();
  }
  return model;
}

/** The observer tells numbers of so many rows. */
const mostRows = 200;

/** Tells the observer of which rows numbers are wanted. */
export async function showRows(
  options: TopOptions,
  model: Model,
  rows: readonly number[],
): Promise<void> {
  const { reader } = model.hello ?? {};
  const shown = rows.slice(0, mostRows);
  const streams = shown.flatMap((row) => model.get(row)?.pid ?? []);
  if (reader !== undefined) {
    await tell(options, `api/live/${reader}/window`, { rows: shown, streams });
  }
}

/** Colours only where stdout is a terminal, and NO_COLOR is not set. */
export const colours: Paint = (colour, text) => styleText(colour, text);
