import { Command, Option } from 'commander';

import { positiveNumber, wholeNumber } from '../options.ts';
import { progress } from '../progress.ts';
import { furthestBack, isLeak, longestAbsence, longestRecovery } from './bounds.ts';
import { mutants } from './mutants.ts';
import { soak, type SoakOptions, type SoakReport } from './soak.ts';

interface Options extends Omit<SoakOptions, 'seed'> {
  readonly seed?: number;
  readonly json?: boolean;
}

await new Command('soak')
  .description(
    'Follows streams of a server that plays faults, with supervised clients on a cursor, in a child process that is killed with -9 ' +
      'again and again; and counts the lost events. Exits with 1 if any was lost.',
  )
  .option('--minutes <N>', 'for how long, in minutes', positiveNumber, 1)
  .option('--streams <S>', 'how many streams', wholeNumber, 50)
  .option(
    '--seed <X>',
    'chooses the faults and the kills (default: another one each time)',
    wholeNumber,
  )
  .option('--json', 'print one JSON object')
  .addOption(
    new Option('--mutant <NAME>', 'a fault in the code of the client, to be noticed').choices(
      Object.keys(mutants),
    ),
  )
  .action(
    async ({
      minutes,
      streams,
      seed = 1 + Math.floor(Math.random() * 2 ** 31),
      json,
      mutant,
    }: Options) => {
      const stopped = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM']) {
        process.once(signal, () => {
          stopped.abort();
        });
      }
      const fault = mutant === undefined ? '' : ` --mutant '${mutant}'`;
      const command = `soak --minutes ${minutes} --streams ${streams} --seed ${seed}${fault}`;
      console.error(command);
      const report = await soak(
        { minutes, streams, seed, ...(mutant === undefined ? {} : { mutant }) },
        { signal: stopped.signal, progress },
      );
      if (process.stderr.isTTY) {
        console.error();
      }
      console.log(json === true ? JSON.stringify(report) : format(report));
      const problems = problemsIn(report);
      if (problems.length > 0) {
        console.error(`FAILED: ${problems.join(', ')}`);
        console.error(`Once more: npx pnpm ${command}`);
        process.exitCode = 1;
      }
    },
  )
  .parseAsync();

function problemsIn(report: SoakReport): string[] {
  const { lost, notDropped, outOfOrder, garbled, acknowledgedEarly, crashes, openHandles } = report;
  return [
    ...(lost === 0 ? [] : [`${lost} lost`]),
    ...(notDropped === 0 ? [] : [`${notDropped} repeated in spite of dedupe`]),
    ...(outOfOrder === 0 ? [] : [`${outOfOrder} out of order`]),
    ...(garbled === 0 ? [] : [`${garbled} garbled`]),
    ...(acknowledgedEarly === 0 ? [] : [`${acknowledgedEarly} acknowledged too early`]),
    ...(report.longestAbsence <= longestAbsence ? [] : [`absent for ${report.longestAbsence} ms`]),
    ...slowRecoveries(report),
    ...(report.furthestBack <= furthestBack ? [] : [`${report.furthestBack} events back`]),
    ...(crashes === 0 ? [] : [`${crashes} crashes`]),
    ...(openHandles === 0 ? [] : [`${openHandles ?? 'unknown'} handles open`]),
    ...(isLeak(report) ? ['memory leaks'] : []),
  ];
}

function slowRecoveries({ worstRecovery }: SoakReport): string[] {
  return Object.entries(worstRecovery)
    .filter(([, ms]) => ms > longestRecovery)
    .map(([fault, ms]) => `${ms} ms to recover from ${fault}`);
}

function format(report: SoakReport): string {
  const { highestRss, rssSlope, rssGrowth, heldGrowth, openHandles, worstRecovery, ...rest } =
    report;
  const rows: readonly (readonly [string, string | number])[] = [
    ...Object.entries(rest),
    ['highestRss', megabytes(highestRss)],
    ['rssSlope', rssSlope === null ? 'too short to say' : `${megabytes(rssSlope)} an hour`],
    ['rssGrowth', rssGrowth === null ? 'too short to say' : megabytes(rssGrowth)],
    ['heldGrowth', heldGrowth === null ? 'too short to say' : megabytes(heldGrowth)],
    ['openHandles', openHandles ?? 'unknown'],
    ...Object.entries(worstRecovery).map(
      ([fault, ms]) => [`worst recovery after ${fault}`, `${(ms / 1000).toFixed(1)} s`] as const,
    ),
  ];
  return rows.map(([name, value]) => `${name.padEnd(34)} ${value}`).join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
