import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

import { bundleProgram } from '../../../../tools/program.ts';

const programs = join(import.meta.dirname, '..', 'programs');

/** A program of this package's tests, with the lines that it prints. */
export function startProgram(name: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [bundleProgram(join(programs, name)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

/** Makes the table of the effects. Without a key: an effect that comes twice is there twice. */
export function createEffects(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('create table effect (key text, number integer, body text) strict');
  database.close();
}

/**
 * Kills four processes that write to the file, all with -9, again and again, each time after a few
 * lines of them.
 */
export async function killWriters(file: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const writers = ['eur', 'usd', 'jpy', 'gbp'].map((key) =>
      startProgram('write-events.ts', file, key),
    );
    const lines = 1 + (time % 3);
    await Promise.all(writers.map((writer) => readLines(writer.lines, lines)));
    await Promise.all(writers.map(({ child }) => killed(child)));
  }
}

async function readLines(lines: AsyncIterator<string>, count: number): Promise<void> {
  for (let read = 0; read < count; read += 1) {
    const { done = false } = await lines.next();
    if (done) {
      throw new Error('Expected a writer that goes on, got the end of one');
    }
  }
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** How sound a file is: whether SQLite finds it whole, and the streams that do not add up. */
export function stateOf(file: string) {
  const database = new DatabaseSync(file);
  const integrity = database.prepare('pragma integrity_check').get();
  const effects = database.prepare('select count(*) as count from effect').get();
  const wrong = database
    .prepare(
      `select o.key, o.cursor, count(e.number), count(distinct e.number), max(e.number)
      from reprise_owners o left join effect e on e.key = o.key group by o.key
      having not (o.cursor = count(e.number) || '' and count(distinct e.number) = count(e.number)
        and max(e.number) = count(e.number))`,
    )
    .all();
  database.close();
  return { integrity, count: (effects as { readonly count: number }).count, wrong };
}
