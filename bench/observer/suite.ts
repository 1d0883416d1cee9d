import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, rowsJson } from '../streams/report.ts';
import { possibleStreams, startServer } from '../streams/server.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Measured, Ready } from './program.ts';

/** `reprise` has the page open: goals are those of this name. */
const contenders = ['closed', 'reprise'];
const usualRounds = 7;

export const observing: Command = addOptions(
  new Command('observer').description(
    'a service of 10,000 processes and 1,000 streams with 10,000 events a second: its CPU with the page of the observer open, and closed',
  ),
  usualRounds,
).action(async (options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : usualRounds } = options;
  const machine = await quietMachine(options);
  const streams = possibleStreams(quick ? 50 : 1000);
  const processes = quick ? 200 : 10_000;
  const server = await startServer(serverProgram, `${streams}`, `${streams * 10}`);
  const args = [`${processes}`, `${streams}`, `http://127.0.0.1:${server.port}/`];
  const program = fork(serviceProgram, args, {
    execArgv: ['--conditions=@reprise/source'],
  });
  try {
    const [{ url }] = (await once(program, 'message')) as [Ready];
    const readings = await runInTurns(contenders, rounds, (contender) =>
      contender === 'closed'
        ? measured(program, quick)
        : whileOpen(url, () => measured(program, quick)),
    );
    const row = {
      bench: 'observer',
      work: 'page',
      title: `CPU of ${processes} processes and ${streams} streams, page closed and open`,
      unit: 'µs an event',
      samples: readings,
      goal: { type: 'times', atMost: 1.05 },
    } as const;
    console.log(json ? rowsJson(machine, [row]) : formatRows(machine, [row], rounds));
  } finally {
    program.kill();
    server.server.kill();
  }
});

const serverProgram = fileURLToPath(new URL('server.ts', import.meta.url));
const serviceProgram = fileURLToPath(new URL('program.ts', import.meta.url));

/** The CPU time of the program for one event, in µs. */
async function measured(program: ChildProcess, isQuick: boolean): Promise<number> {
  program.send(isQuick ? 1000 : 8000);
  const [{ cpu, events }] = (await once(program, 'message')) as [Measured];
  return (cpu * 1000) / events;
}

/** How many rows a page shows. */
const rowsOnPage = 40;

/** As a page does: it reads the stream, and tells which rows and streams it shows. */
async function whileOpen<Value>(address: string, run: () => Promise<Value>): Promise<Value> {
  const { origin, hash } = new URL(address);
  const headers = { authorization: `Bearer ${hash.slice(1)}` };
  const controller = new AbortController();
  const { body } = await fetch(`${origin}/api/live`, { headers, signal: controller.signal });
  if (body === null) {
    throw new Error('Expected a stream, got no body');
  }
  const text = body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const { value: head = '' } = await text.next();
  const [, reader = ''] = /"reader":"(\w+)"/.exec(head) ?? [];
  const rows = Array.from({ length: rowsOnPage }, (_, at) => at + 1);
  await fetch(`${origin}/api/live/${reader}/window`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ rows, streams: rows }),
  });
  const readStreams = async (): Promise<void> => {
    await (await fetch(`${origin}/api/streams`, { headers })).arrayBuffer();
  };
  const reading = readAll(text, readStreams);
  // The first look sends the whole tree.
  await after(1000);
  const value = await run();
  controller.abort();
  await reading;
  // The program looks on for a while, for a page that comes back.
  await after(9000);
  return value;
}

/** All of it, and dropped. With each new hour a page reads the phases of the streams, too. */
async function readAll(
  text: AsyncIterator<string>,
  readStreams: () => Promise<void>,
): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await text.next();
      if (done === true) {
        return;
      }
      if (value.includes('event: hour\n')) {
        await readStreams();
      }
    }
  } catch {
    // Let go.
  }
}
