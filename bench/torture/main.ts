import { Command, Option } from 'commander';

import { startPostgres } from '../../tools/postgres/server.ts';
import { positiveNumber, wholeNumber } from '../options.ts';
import { progress } from '../progress.ts';
import { databaseFaults } from './faults.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { format, problemsIn } from './report.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { torture, type TortureOptions, type TortureReport, type Watch } from './torture.ts';

interface Options extends Omit<TortureOptions, 'seed' | 'lists' | 'poison'> {
  readonly lists?: boolean;
  readonly poison?: number;
  readonly seed?: number;
  readonly store: 'postgres' | 'sqlite';
  readonly json?: boolean;
}

await new Command('torture')
  .description(
    'Kills, stops and cuts off the nodes of a cluster, and its database, in a random order while streams flow. Then it counts the ' +
      'effects in the sink. Exits with 1 if one was lost or is there twice, if a stream had two owners, or if a limit was broken.',
  )
  .option('--minutes <N>', 'for how long, in minutes', positiveNumber, 5)
  .option('--streams <S>', 'how many streams', wholeNumber, 500)
  .option('--nodes <N>', 'how many nodes', wholeNumber, 3)
  .option('--rate <N>', 'how many events a stream has in a second', positiveNumber, 0.25)
  .addOption(
    new Option('--store <NAME>', 'where the nodes keep what they share')
      .choices(['postgres', 'sqlite'])
      .default('postgres'),
  )
  .option('--lists', 'the streams are rows of a table, which come, change and go meanwhile')
  .option('--poison <N>', 'so many of the streams kill the process of their handler', wholeNumber)
  .option('--seed <X>', 'chooses the faults (default: another one each time)', wholeNumber)
  .option('--json', 'print one JSON object')
  .action(main)
  .parseAsync();

async function main({ json, ...given }: Options): Promise<void> {
  const {
    minutes,
    streams,
    nodes,
    rate,
    store,
    lists = false,
    poison = 0,
    seed = 1 + Math.floor(Math.random() * 2 ** 31),
  } = given;
  const list = `${lists ? ' --lists' : ''}${poison > 0 ? ` --poison ${poison}` : ''}`;
  const command = `torture --minutes ${minutes} --streams ${streams} --nodes ${nodes} --rate ${rate} --store ${store}${list} --seed ${seed}`;
  console.error(command);
  const play = store === 'postgres' ? onPostgres : onSqlite;
  const report = await play(
    { minutes, streams, nodes, rate, seed, lists, poison },
    { signal: interrupts(), progress },
  );
  if (process.stderr.isTTY) {
    console.error();
  }
  console.log(json === true ? JSON.stringify(report) : format(report));
  const problems = problemsIn(report);
  if (problems.length > 0) {
    console.error(`FAILED: ${problems.join('\n')}`);
    console.error(`Once more: npx pnpm ${command}`);
    process.exitCode = 1;
  }
}

/** Aborts at the interrupt key. */
function interrupts(): AbortSignal {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      stopped.abort();
    });
  }
  return stopped.signal;
}

async function onPostgres(options: TortureOptions, watch: Watch): Promise<TortureReport> {
  const server = await startPostgres();
  try {
    const database = new PostgresDatabase(server.url());
    const faults = databaseFaults(database, server);
    return await torture(options, { database, faults, ...watch });
  } finally {
    await server.close();
  }
}

function onSqlite(options: TortureOptions, watch: Watch): Promise<TortureReport> {
  return torture(options, { database: new SqliteDatabase(), faults: {}, ...watch });
}
