import { readFileSync } from 'node:fs';
import process from 'node:process';

import { assertOneOf } from '@reprise/actor/options';
import { redact } from '@reprise/actor/text';
import type { CommandOptions } from '@reprise/simulation/command';
import { Command, CommanderError, Option } from 'commander';

import { withClusterCommands } from './cluster/arguments.ts';
import type { ClusterTask } from './cluster/task.ts';
import type { GivenOptions } from './options/given.ts';
import { readOptions, type TailOptions } from './options/options.ts';
import { UsageError } from './options/usage.ts';
import { misuseOfSimulate, withSimulateOptions } from './simulate/arguments.ts';
import { type GivenSimulateOptions, readSimulateOptions } from './simulate/options.ts';
import { withTopOptions } from './top/arguments.ts';
import { type GivenTopOptions, readTopOptions, type TopOptions } from './top/options.ts';

/** A command line, parsed. */
export type Task =
  | { readonly type: 'tail'; readonly options: TailOptions }
  | { readonly type: 'simulate'; readonly options: CommandOptions }
  | { readonly type: 'cluster'; readonly task: ClusterTask }
  | { readonly type: 'top'; readonly options: TopOptions }
  /** Help or the version, for stdout. */
  | { readonly type: 'print'; readonly text: string }
  /** Wrong usage: the message for stderr, and the exit status. */
  | { readonly type: 'misuse'; readonly text: string; readonly status: number };

/** Parses the command line, without the name of the program. */
export function parseArguments(argv: readonly string[]): Task {
  const parse = new Parse();
  try {
    parse.program.parse(argv, { from: 'user' });
    return parse.task;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0
        ? { type: 'print', text: parse.printed }
        : { type: 'misuse', text: misuseOf(error, argv, parse), status: statusOf(argv) };
    }
    if (error instanceof UsageError) {
      return { type: 'misuse', text: `${error.message}\n`, status: statusOf(argv) };
    }
    throw error;
  }
}

/** One run of commander, which neither prints nor exits. */
class Parse {
  readonly program: Command = new Command('reprise');
  printed = '';
  task: Task = { type: 'misuse', text: '', status: 2 };

  constructor() {
    this.program
      .description(
        'Follows server-sent event streams, and reconnects when they break; shows the processes of a ' +
          'running program; runs programs under simulation.',
      )
      .exitOverride()
      .configureOutput({ writeOut: (text) => (this.printed += text), writeErr: () => {} })
      .helpCommand('help [command]', 'explain a command')
      .version(version());
    this.#defineTail();
    this.#defineTop();
    this.#defineSimulate();
    withClusterCommands(this.program.command('cluster'), (task) => {
      this.task = { type: 'cluster', task };
    });
  }

  #defineTail(): void {
    withOptions(this.program.command('tail'))
      .version(version(), '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this')
      .action((urls: readonly string[], given: GivenOptions) => {
        this.task = { type: 'tail', options: readOptions(urls, given) };
      });
  }

  #defineTop(): void {
    withTopOptions(this.program.command('top'))
      .version(version(), '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this')
      .action((target: string | undefined, given: GivenTopOptions) => {
        this.task = { type: 'top', options: readTopOptions(target, given, process.env) };
      });
  }

  #defineSimulate(): void {
    withSimulateOptions(this.program.command('simulate'))
      .version(version(), '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this')
      .action((paths: readonly string[], given: GivenSimulateOptions) => {
        this.task = { type: 'simulate', options: readSimulateOptions(paths, given) };
      });
  }
}

function withOptions(tail: Command): Command {
  withConnectionOptions(withRequestOptions(withOutputOptions(tail)));
  return tail
    .summary('print the events of streams as they arrive')
    .description(
      'Prints the events of all URLs as they arrive. A lost connection is made again, and continues after the last ' +
        'event. Without a URL it follows an embedded feed: load and memory of this machine, from a server that now ' +
        'and then drops the connection, answers 503 or goes silent.',
    )
    .argument('[URL...]', 'http: or https: streams to follow')
    .addHelpText('after', `${examples}${exitStatus}`);
}

function withOutputOptions(tail: Command): Command {
  return tail
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object a line: source, type, data, id, lastEventId')
    .option('--data-only', 'print the data of each event, and nothing else of it')
    .option('--timestamps', 'print the time at which each event arrived')
    .option('-o, --output <FILE>', 'append the events to FILE in place of stdout')
    .option('-q, --quiet', 'print nothing about connections on stderr')
    .optionsGroup('Which events:')
    .option('-n, --count <N>', 'stop after N events, from all URLs together')
    .option('--type <TYPE>', 'only events of this type (repeatable)', append)
    .option('--until <TEXT>', 'end a stream at the event whose data is TEXT, such as [DONE]')
    .optionsGroup('A command for each event:')
    .option(
      '--exec <COMMAND>',
      'run COMMAND in a shell for each event in place of printing it, one at a time: the data on its stdin, ' +
        'the rest in REPRISE_TYPE, REPRISE_ID, REPRISE_LAST_EVENT_ID and REPRISE_SOURCE',
    )
    .option('--retries <N>', 'run a failed COMMAND again, up to N times (default: 0)')
    .option('--skip-failed', 'go on after an event that COMMAND failed for (default: give up)');
}

function withRequestOptions(tail: Command): Command {
  return tail
    .optionsGroup('The request:')
    .option('-H, --header <LINE>', `send a header, as 'Name: value' (repeatable)`, append)
    .addOption(
      new Option(
        '--bearer <TOKEN>',
        'send Authorization: Bearer TOKEN; @FILE reads it from a file, where ps does not show it',
      ).env('REPRISE_BEARER'),
    )
    .option(
      '--location-trusted',
      'send the headers of --header and --bearer on a redirect to another host, too',
    )
    .option('-X, --method <NAME>', 'the HTTP method (default: GET, with --data POST)')
    .option('-d, --data <TEXT>', 'send this as the body; @FILE sends a file, - sends stdin')
    .option('--last-event-id <ID>', 'ask the server to continue after this event');
}

function withConnectionOptions(tail: Command): Command {
  return tail
    .optionsGroup('Reconnecting:')
    .option('--reconnect', 'send the request again (default, but not for POST and PATCH)')
    .option('--no-reconnect', 'send the request once (default for POST and PATCH)')
    .option(
      '--cursor <FILE>',
      'store the id of the last printed event, and continue after it next time',
    )
    .option('--dedupe', 'with --cursor: drop events whose id is among the last 256 printed')
    .option(
      '--idle-timeout <SECONDS>',
      'the longest silence before reconnecting (default: 300, embedded feed: 5)',
    )
    .option('--max-attempts <N>', 'give up after N failures in a row (default: never)')
    .option('--min-delay <SECONDS>', 'the first delay before an attempt (default: 1)')
    .option(
      '--max-delay <SECONDS>',
      'the longest delay before an attempt (default: 30, embedded feed: 3)',
    )
    .optionsGroup('Several processes:')
    .addOption(
      new Option(
        '--store <FILE>',
        'share the URLs with all processes that have the same FILE, or postgres://… URL: each stream has one owner, ' +
          'and goes on elsewhere when it dies',
      ).env('REPRISE_STORE'),
    )
    .option('--node <NAME>', 'the name of this process among them (default: host and process id)')
    .option('--workers <N>', 'with --store: follow the URLs in N processes')
    .optionsGroup('TLS:')
    .option('--ca <FILE>', `trust this certificate authority instead of the system's (PEM)`)
    .option('--cert <FILE>', 'send this client certificate (PEM)')
    .option('--key <FILE>', 'the key of --cert (PEM)')
    .option('--pin <SHA256>', 'trust this certificate alone, also if no authority signed it')
    .option('--servername <NAME>', 'the name that the certificate has to have')
    .option('-k, --insecure', 'trust any certificate')
    .optionsGroup('Other:')
    .option(
      '--observer [PORT]',
      'serve a page on this machine that shows the program, and print its URL on a terminal (embedded feed: default)',
    )
    .option('--no-observer', 'serve no page');
}

const examples = `
Examples:
  reprise tail https://stream.wikimedia.org/v2/stream/recentchange
  reprise tail --json --count 5 URL | jq .data
  reprise tail --bearer @token.txt --cursor prices.db --output prices.log URL
  reprise tail -H 'X-Api-Key: …' -d @prompt.json --until '[DONE]' --data-only URL
  reprise tail --type order --exec 'curl -sf -d @- http://localhost/orders' --retries 5 URL
`;

const exitStatus = `
Exit status:
  0  a stream came to its end (204, --until, the end of a POST), --count events
     were printed, SIGINT or SIGTERM was received, or the reader of stdout has gone
  1  every source gave up (a fatal answer, --max-attempts used up, an unusable
     cursor, a failed --exec command), or the output could not be written
  2  wrong usage
  3  the store of --store, or another process with the same --node, refuses the start
  130, 143  a second SIGINT, a second SIGTERM
`;

function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** The exit status for wrong usage: 2, except for `simulate`, where 2 says how a run failed. */
function statusOf([command]: readonly string[]): number {
  return command === 'simulate' ? misuseOfSimulate : 2;
}

/** Commander's messages say what is wrong; ours add what was expected. */
function misuseOf(
  { code, message }: CommanderError,
  [command = '', argument = '']: readonly string[],
  { program }: Parse,
): string {
  const named = code === 'commander.excessArguments' ? /got \d+: (.*)\.$/s : /'([^']*)'/;
  const quoted = named.exec(message)?.[1] ?? 'none';
  // Without its value, which may be a secret that no rule knows.
  const got = code === 'commander.unknownOption' ? flagIn(quoted) : quoted;
  if (command.startsWith('-') && code === 'commander.unknownOption') {
    return `Expected ${expectation('commander.unknownCommand', redact(got), '')}${hintFor(got, program)}\n`;
  }
  const hint = /\(Did you mean .*\)/.exec(message)?.[0];
  const name = commandIn(command, argument, program);
  return `Expected ${expectation(code, redact(got), name)}${hint === undefined ? '' : ` ${hint}`}\n`;
}

/** The command whose help lists what is wrong here. */
function commandIn(command: string, argument: string, { commands }: Command): string {
  const found = commands.find((each) => each.name() === command);
  const below = found?.commands.find((each) => each.name() === argument);
  return found === undefined
    ? 'tail'
    : [found, below].flatMap((each) => each?.name() ?? []).join(' ');
}

function flagIn(argument: string): string {
  return /^--[^=]*|^-./.exec(argument)?.[0] ?? argument;
}

/** For an option in the place of the command: the one of `tail` that it is, or is near to. */
function hintFor(got: string, { commands }: Command): string {
  const tail = commands.find((command) => command.name() === 'tail');
  const flags = (tail?.options ?? []).flatMap(({ long }) => long ?? []);
  try {
    assertOneOf('', got, flags);
    return ` (Did you mean reprise tail ${got}?)`;
  } catch (error) {
    const near = /did you mean "(.*)"\?$/.exec((error as Error).message)?.[1];
    return near === undefined ? '' : ` (Did you mean reprise tail ${near}?)`;
  }
}

function expectation(code: string, got: string, command: string): string {
  if (command === 'cluster' && isAboutCommand.has(code)) {
    return `a command, as in 'reprise cluster status --store FILE', got ${got}`;
  }
  switch (code) {
    case 'commander.help':
    case 'commander.unknownCommand':
      return `a command, as in 'reprise tail URL', got ${got}`;
    case 'commander.excessArguments':
      return `arguments that 'reprise ${command} --help' lists, got ${got}`;
    case 'commander.missingArgument':
      return command === 'cluster retry'
        ? `the key of a stream, as in 'reprise cluster retry --store FILE KEY', got none`
        : `a file, as in 'reprise simulate FILE', got none`;
    case 'commander.optionMissingArgument':
      return `a value, as in '${got.replace(/^-\w, /, '')}', got none`;
    default:
      return `options that 'reprise ${command} --help' lists, got ${got}`;
  }
}

/** Of a command that has commands below it. */
const isAboutCommand: ReadonlySet<string> = new Set(['commander.help', 'commander.unknownCommand']);
