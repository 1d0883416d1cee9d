import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';

import { type GivenOptions, readOptions, type TailOptions, UsageError } from './options.ts';

/** What the command line asks for. */
export type Task =
  | { readonly type: 'tail'; readonly options: TailOptions }
  /** Help, or the version: what to print on stdout. */
  | { readonly type: 'print'; readonly text: string }
  /** Bad usage: what to print on stderr. */
  | { readonly type: 'misuse'; readonly text: string };

/** Reads the command line, without the program's own name. */
export function parseArguments(argv: readonly string[]): Task {
  const parse = new Parse();
  try {
    parse.program.parse(argv, { from: 'user' });
    return parse.task;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0
        ? { type: 'print', text: parse.printed }
        : { type: 'misuse', text: misuseOf(error) };
    }
    if (error instanceof UsageError) {
      return { type: 'misuse', text: `${error.message}\n` };
    }
    throw error;
  }
}

/** One run of commander, kept from printing and exiting. */
class Parse {
  readonly program: Command = new Command('reprise');
  printed = '';
  task: Task = { type: 'misuse', text: '' };

  constructor() {
    this.program
      .description('Follows server-sent event streams, and comes back when they break.')
      .exitOverride()
      .configureOutput({ writeOut: (text) => (this.printed += text), writeErr: () => {} })
      .helpCommand(false)
      .version(version());
    this.#defineTail();
  }

  #defineTail(): void {
    withOptions(this.program.command('tail'))
      .version(version())
      .action((urls: readonly string[], given: GivenOptions) => {
        this.task = { type: 'tail', options: readOptions(urls, given) };
      });
  }
}

function withOptions(tail: Command): Command {
  return tail
    .summary('print the events of streams as they come')
    .description(
      'Prints the events of each URL as they come, from all of them at once. A lost connection is made again, and goes on ' +
        'from the last event. Without a URL, it follows a feed of its own on this machine: load and memory, ' +
        'from a server that now and then drops the connection, answers 503 or goes silent.',
    )
    .argument('[URL...]', 'http: or https: streams to follow')
    .option('--json', 'print one JSON object a line: source, type, data, id, lastEventId')
    .option('--quiet', 'print nothing about connections on stderr')
    .option('--count <N>', 'stop after N events in all')
    .option('--header <LINE>', `send a header, as 'Name: value' (repeatable)`, append)
    .option('--method <NAME>', 'the HTTP method (default: GET, with --data POST)')
    .option('--data <TEXT>', 'send this as the body, or what a file holds, as @FILE')
    .option('--last-event-id <ID>', 'ask the server to go on after this event')
    .option(
      '--cursor <FILE>',
      'keep the id of the last event shown here, and go on from it next time',
    )
    .option('--dedupe', 'with --cursor: drop events whose id was among the last 256 shown')
    .option('--idle-timeout <SECONDS>', 'the longest silence (default: 300, own feed 5)')
    .option('--max-attempts <N>', 'give up after N failures in a row (default: never)')
    .option('--min-delay <SECONDS>', 'the first delay between attempts (default: 1)')
    .option('--max-delay <SECONDS>', 'what the delay grows up to (default: 30, own feed 3)')
    .option('--ca <FILE>', `trust this authority instead of the system's (PEM)`)
    .option('--cert <FILE>', 'show this client certificate (PEM)')
    .option('--key <FILE>', 'the key of --cert (PEM)')
    .addHelpText('after', exitStatus);
}

const exitStatus = `
Exit status:
  0  the events of --count were seen, the server ended the stream for good (204), or SIGINT or SIGTERM came
  1  every source gave up: the server refused for good, --max-attempts were spent, or the file of --cursor cannot be used
  2  bad usage
`;

function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Commander says what is wrong; what was expected instead is said here. */
function misuseOf({ code, message }: CommanderError): string {
  const got = /'([^']*)'/.exec(message)?.[1] ?? 'none';
  const hint = /\(Did you mean .*\)/.exec(message)?.[0];
  return `Expected ${expectation(code, got)}${hint === undefined ? '' : ` ${hint}`}\n`;
}

function expectation(code: string, got: string): string {
  switch (code) {
    case 'commander.help':
    case 'commander.unknownCommand':
      return `a command, as in 'reprise tail URL', got ${got}`;
    case 'commander.optionMissingArgument':
      return `a value, as in '${got}', got none`;
    default:
      return `options that 'reprise tail --help' lists, got ${got}`;
  }
}
