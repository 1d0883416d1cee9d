import { type Command, Option } from 'commander';

import type { ClusterTask, GivenClusterOptions } from './task.ts';
import { readRetry, readSql, readStatus } from './task.ts';

/** Describes `reprise cluster`, and calls `choose` with the task that is given. */
export function withClusterCommands(
  cluster: Command,
  choose: (task: ClusterTask) => void,
): Command {
  cluster
    .summary('look at the nodes and streams of a store, or try a stream again')
    .description('Looks at the nodes and streams of a store of @reprise/cluster, and joins none.')
    .helpCommand('help [command]', 'explain a command');
  addStore(cluster.command('status'))
    .description(
      'Prints the nodes of a store, and its streams: parked ones first, with the reason.',
    )
    .option('--limit <N>', 'print at most N streams (default: 1000)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', exitStatus)
    .action((given: GivenClusterOptions) => {
      choose(readStatus(given));
    });
  addStore(cluster.command('sql'), 'of the store that the tables are for (default: a Postgres)')
    .description(
      'Prints the SQL that makes the tables of a Postgres or of a file of SQLite, as the first start of a node does, and opens neither.',
    )
    .option('--role <NAME>', 'also what this role of a Postgres needs to use them')
    .option('--schema <NAME>', 'the schema of the tables in a Postgres (default: reprise)')
    .addHelpText('after', examplesOfSql)
    .action((given: GivenClusterOptions) => {
      choose(readSql(given));
    });
  addStore(cluster.command('retry'))
    .description('Runs a stream again that is parked or waits, whatever happened to it.')
    .argument('<KEY>', 'its key, as `reprise cluster status` prints it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', exitStatus)
    .action((key: string, given: GivenClusterOptions) => {
      choose(readRetry(key, given));
    });
  return cluster;
}

function addStore(command: Command, store = 'of the store'): Command {
  return command.addOption(
    new Option('--store <FILE>', `the file, or the postgres://… URL, ${store}`).env(
      'REPRISE_STORE',
    ),
  );
}

const examplesOfSql = `
Examples:
  reprise cluster sql --role app | psql -d shop
  reprise cluster sql --store prices.db | sqlite3 prices.db
`;

const exitStatus = `
Exit status:
  0  done
  1  the store has no such stream, or did not answer
  2  wrong usage
  3  the store cannot be opened
`;
