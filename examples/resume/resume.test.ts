import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { type Program, runProgram } from '../support/program.ts';
import { type Feed, startFeed } from './feed.ts';

const main = join(import.meta.dirname, 'main.ts');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function run(...url: readonly string[]): Program {
  return runProgram(main, join(folder, 'position'), ...url);
}

function publish(feed: Feed, ...titles: readonly string[]): void {
  for (const title of titles) {
    feed.publish({ wiki: 'dewiki', title, user: 'Ada' });
  }
}

const changed = (...titles: readonly string[]): readonly string[] =>
  titles.map((title) => `dewiki: Ada changed ${title}`);

async function stop(program: Program): Promise<void> {
  program.signal('SIGTERM');
  expect(await program.ended).toEqual({ status: 0, stderr: '', lines: [] });
}

test('changes published while the stream is down arrive once it is up, each of them once', async () => {
  await using feed = await startFeed();
  publish(feed, 'A', 'B');
  await using program = run(feed.url);
  expect(await program.linesUntil(/B$/)).toEqual(['connecting', 'connected', ...changed('A', 'B')]);

  for (const [first, second] of [
    ['C', 'D'],
    ['E', 'F'],
  ] as const) {
    feed.drop();
    const [disconnected] = await program.linesUntil(/^disconnected: /);
    expect(disconnected).toMatch(/aborted|ECONNRESET/);
    publish(feed, first);
    expect(await program.linesUntil(/^connected$/)).toEqual(['connecting', 'connected']);
    publish(feed, second);
    expect(await program.linesUntil(new RegExp(`${second}$`))).toEqual(changed(first, second));
  }
  await stop(program);
});

test('a program that is started again continues at its position', async () => {
  await using feed = await startFeed();
  publish(feed, 'A', 'B');
  await using first = run(feed.url);
  await first.linesUntil(/B$/);
  // The id is written after its line is printed: only the next line proves that it is written.
  publish(feed, 'C');
  await first.linesUntil(/C$/);
  await stop(first);

  publish(feed, 'D');
  await using second = run(feed.url);
  const [, , ...lines] = await second.linesUntil(/D$/);
  expect(lines.filter((line) => line !== changed('C')[0])).toEqual(changed('D'));
  await stop(second);
});

test('a change that cannot be handled is never skipped: asked for again, until the supervisor gives up', async () => {
  await using feed = await startFeed();
  publish(feed, 'A');
  feed.publish(null as never);
  publish(feed, 'B');
  await using program = run(feed.url);
  expect(await program.linesUntil(/A$/)).toEqual(['connecting', 'connected', ...changed('A')]);
  const { status, lines, stderr } = await program.ended;
  expect(lines).toEqual(Array.from({ length: 3 }, () => ['connecting', 'connected']).flat());
  expect(stderr).toMatch(/gave up: child "changes" .* failed 4 times in 5 s/);
  expect(status).toBe(1);
});

test('without a URL it starts a feed', async () => {
  await using program = run();
  const lines = await program.linesUntil(/Page 2$/);
  expect(lines.slice(-2)).toEqual(['enwiki: Ada changed Page 1', 'enwiki: Ada changed Page 2']);
  await stop(program);
});
