// Runs random programs in Erlang and here, and compares the traces: `npx pnpm differential`.
import process from 'node:process';

import { Command, InvalidArgumentError } from 'commander';

import { compare, type Difference } from './compare.ts';
import { Erlang, findErlang } from './erlang.ts';
import { termOf } from './term.ts';

interface Options {
  readonly seconds: number;
  readonly programs: number;
  readonly seed?: number;
}

/** Programs of one seed: few enough to find one of them again soon. */
const batch = 250;

await new Command('differential')
  .description(
    'Runs random programs in Erlang/OTP and here, on a virtual clock: processes with links, monitors and names; trees of supervisors; ' +
      'servers. Compares what they do, and prints the first program that differs, shrunk, with both traces. Exits with 1 then.',
  )
  .option('--seconds <N>', 'for how long, in seconds', positive, 60)
  .option('--programs <N>', 'how many programs, at most', positive, Infinity)
  .option('--seed <S>', 'chooses the programs (default: another one each time)', positive)
  .action(async (options: Options) => {
    if (!findErlang()) {
      process.stderr.write(
        'Expected Erlang, got none: install it (on Debian: apt-get install erlang-base)\n',
      );
      process.exitCode = 1;
      return;
    }
    const erlang = await Erlang.start();
    await run(erlang, options);
    await erlang.stop();
  })
  .parseAsync();

async function run(
  erlang: Erlang,
  { seconds, programs, seed = 1 + Math.floor(Math.random() * 2 ** 30) }: Options,
): Promise<void> {
  console.log(`Erlang/OTP ${erlang.release}, from seed ${seed}`);
  const until = performance.now() + seconds * 1000;
  let count = 0;
  for (let next = seed; performance.now() < until && count < programs; next++) {
    const result = await compare(erlang, {
      seed: next,
      programs: Math.min(batch, programs - count),
      timeLimit: until - performance.now(),
    });
    count += result.programs;
    if (result.difference !== undefined) {
      report(result.difference);
      console.log(`Once more: npx pnpm differential --seed ${next} --programs ${batch}`);
      process.exitCode = 1;
      return;
    }
  }
  console.log(`${count} programs, no difference`);
}

function report({ kind, program, ours, erlangs }: Difference): void {
  console.log(`FAILED: a program of ${kind} differs:\n${termOf(program)}\n`);
  const width = Math.max(...ours.map(({ length }) => length), 10);
  const rows = Math.max(ours.length, erlangs.length);
  console.log(`  ${'here'.padEnd(width)}  Erlang`);
  for (let row = 0; row < rows; row++) {
    const [here = '', there = ''] = [ours[row], erlangs[row]];
    console.log(`${here === there ? ' ' : '!'} ${here.padEnd(width)}  ${there}`);
  }
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) {
    throw new InvalidArgumentError('Expected a number above 0.');
  }
  return number;
}
