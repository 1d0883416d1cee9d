import { readFileSync } from 'node:fs';

import { redact } from '@reprise/actor/text';
import { Command, CommanderError } from 'commander';

import { type GivenOptions, readOptions, type TailOptions, UsageError } from './options.ts';

/** A command line, parsed. */
export type Task =
  | { readonly type: 'tail'; readonly options: TailOptions }
  /** Help or the version, for stdout. */
  | { readonly type: 'print'; readonly text: string }
  /** Wrong usage: the message for stderr. */
  | { readonly type: 'misuse'; readonly text: string };

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
        : { type: 'misuse', text: misuseOf(error) };
    }
    if (error instanceof UsageError) {
      return { type: 'misuse', text: `${error.message}\n` };
    }
    throw error;
  }
}

/** One run of commander, which neither prints nor exits. */
class Parse {
  readonly program: Command = new Command('reprise');
  printed = '';
  task: Task = { type: 'misuse', text: '' };

  constructor() {
    this.program
      .description('Follows server-sent event streams, and reconnects when they break.')
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
    .summary('print the events of streams as they arrive')
    .description(
      'Prints the events of all URLs as they arrive. A lost connection is made again, and continues after the last ' +
        'event; a POST is sent once, and its end is the end. Without a URL it follows an embedded feed: load and memory of this machine, from a server that now ' +
        'and then drops the connection, answers 503 or goes silent.',
    )
    .argument('[URL...]', 'http: or https: streams to follow')
    .option('--json', 'print one JSON object a line: source, type, data, id, lastEventId')
    .option('--quiet', 'print nothing about connections on stderr')
    .option('--count <N>', 'stop after N events, from all URLs together')
    .option('--header <LINE>', `send a header, as 'Name: value' (repeatable)`, append)
    .option('--method <NAME>', 'the HTTP method (default: GET, with --data POST)')
    .option('--data <TEXT>', 'send this as the body; @FILE sends the contents of a file')
    .option('--last-event-id <ID>', 'ask the server to continue after this event')
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
    .option('--ca <FILE>', `trust this certificate authority instead of the system's (PEM)`)
    .option('--cert <FILE>', 'send this client certificate (PEM)')
    .option('--key <FILE>', 'the key of --cert (PEM)')
    .addHelpText('after', exitStatus);
}

const exitStatus = `
Exit status:
  0  --count events were printed, the server answered 204 or a POST to its end, SIGINT or SIGTERM was received, or
     stdout was closed
  1  every source gave up (a fatal answer, --max-attempts used up, an unusable cursor), or writing to stdout failed
  2  wrong usage
  130, 143  a second SIGINT, a second SIGTERM
`;

function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Commander's messages say what is wrong; ours add what was expected. */
function misuseOf({ code, message }: CommanderError): string {
  const got = /'([^']*)'/.exec(message)?.[1] ?? 'none';
  const hint = /\(Did you mean .*\)/.exec(message)?.[0];
  return `Expected ${expectation(code, redact(got))}${hint === undefined ? '' : ` ${hint}`}\n`;
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
