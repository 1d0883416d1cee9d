import type { Command } from 'commander';

/** The exit status if the observer cannot be reached, or does not let the program in. */
export const notReached = 3;

/** Describes `reprise top`. */
export function withTopOptions(top: Command): Command {
  return top
    .summary('show the processes of a running program')
    .description(
      'Shows the program whose observer listens at URL: whether it is well, its processes, its streams and its ' +
        'crashes. Without a terminal it prints them once.',
    )
    .argument('[URL]', 'the URL that observer() has printed, or its port (default: 4141)')
    .optionsGroup('What it shows first:')
    .option('--streams', 'the streams')
    .option('--crashes', 'the crashes')
    .optionsGroup('For programs:')
    .option('--json', 'print one JSON object: findings, numbers, streams, the tree')
    .option('--watch', 'with --json: one object a line, every second')
    .option('--dot', 'print the tree with its links as a graph in the DOT language of Graphviz')
    .optionsGroup('Other:')
    .addHelpText('after', afterHelp);
}

const afterHelp = `
The token of the observer is taken from REPRISE_TOKEN, or from the URL behind its #.
Arguments can be seen by all users of a machine: prefer the environment.

Examples:
  REPRISE_TOKEN=… reprise top
  reprise top --json | jq '.findings[].title'
  reprise top --dot | dot -Tsvg > tree.svg

Exit status:
  0  all is well; on a terminal, also if not
  1  a person is needed
  2  wrong usage
  3  the observer cannot be reached, or does not take the token
`;
