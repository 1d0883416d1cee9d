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
  cluster
    .command('sql')
    .description(
      'Prints the SQL that makes the tables in a Postgres; those of a file are made at the first start.',
    )
    .option('--role <NAME>', 'also what this role needs to use them')
    .option('--schema <NAME>', 'the schema of the tables (default: reprise)')
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

function addStore(command: Command): Command {
  return command.addOption(
    new Option('--store <FILE>', 'the file, or the postgres://… URL, of the store').env(
      'REPRISE_STORE',
    ),
  );
}

const exitStatus = `
Exit status:
  0  done
  1  the store has no such stream, or did not answer
  2  wrong usage
  3  the store cannot be opened
`;
