import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { describe, expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import { sides } from './models/lottery.ts';
import { runReprise } from './support/reprise.ts';

const models = join(import.meta.dirname, 'models');
const lottery = join(models, 'lottery.ts');
const tickets = join(models, 'tickets.ts');

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'reprise-simulate-'));
}

/** One job, for the seeds to come in order. */
async function run(...args: readonly string[]) {
  const corpus = folder();
  const jobs = args.includes('--jobs') ? [] : ['--jobs', '1'];
  const ran = await runReprise('simulate', ...args, ...jobs, '--corpus', corpus);
  return { ...ran, text: ran.stdout.join('\n'), corpus };
}

/** The lines of `--json` of one type. */
async function found(type: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = await run(...args, '--json');
  const lines = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { status, stderr, lines: lines.filter((line) => line['type'] === type) };
}

/** The numbers that the first seeds of the lottery draw. */
async function numbers(seeds: number): Promise<readonly number[]> {
  const drawn: number[] = [];
  await simulate((sim) => void drawn.push(sim.below(sides)), { seeds });
  // The first seed is run twice.
  return drawn.slice(1);
}

/** The first seed with the number 7. */
async function seedOf7(): Promise<number> {
  return (await numbers(200)).indexOf(7);
}

describe('reprise simulate', () => {
  test('SIM-R01 prints a failure, and a command that fails in the same way', async () => {
    const first = await run(tickets);
    expect(first.status).toBe(1);
    expect(first.text).toMatch(/Error: 3 tickets of 2 were sold\n +at .*tickets\.ts:/);
    const [, command = ''] = /^ +replay +reprise simulate (.*)$/m.exec(first.text) ?? [];
    const second = await runReprise('simulate', ...command.split(' '));
    expect(second.status).toBe(1);
    expect(pageIn(second.stdout)).toEqual(pageIn(first.stdout));
  });

  test('runs 200 seeds, and prints one line for a model that holds', async () => {
    const { status, text } = await run(lottery, '--model', 'fair');
    expect(status).toBe(0);
    expect(text).toMatch(
      /^fair +200 seeds +[\d,]+ a minute +\d+ steps each +0 failed +[\da-f]{16} +above 7 \d+ %$/,
    );
  });

  test('prints the steps of one seed with `--trace`', async () => {
    const { status, text } = await run(lottery, '--model', 'fair', '--seeds', '1', '--trace');
    expect(status).toBe(0);
    expect(text).toMatch(/^step +time +node +kind +what\n +1 .*\n( +\d+ .*\n)+fair +1 seeds/);
  });

  test('names the seed of a program that ends its process', async () => {
    const { status, lines } = await found('failure', lottery, '--model', 'exit');
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      {
        failure: {
          kind: 'unhandled',
          message: 'Error: Expected the program to leave its process running, got `process.exit`',
          seed: await seedOf7(),
        },
      },
    ]);
  });

  test('SIM-R06 fails if no seed reached a condition, and names it', async () => {
    const { status, text } = await run(lottery, '--model', 'never', '--seeds', '5');
    expect(status).toBe(1);
    expect(text).toContain('never: Expected some seed to reach "the impossible", got none among 5');
  });

  test('SIM-R07 tells an unhandled rejection of the seed that caused it', async () => {
    const { status, lines } = await found('failure', lottery, '--model', 'unhandled');
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      {
        failure: {
          kind: 'unhandled',
          message: 'Unhandled rejection: Error: lost',
          seed: await seedOf7(),
        },
      },
    ]);
  });

  test('SIM-R08 tells the seed of a loop without end, and the others go on', async () => {
    const drawn = await numbers(40);
    const seeds = drawn.map((number, seed) => (number === 7 ? seed : -1)).filter((at) => at >= 0);
    const options = ['--model', 'endless', '--limit', '3s', '--json', '--seeds'];
    const { status, stdout } = await run(lottery, ...options, `${(seeds[0] ?? 0) + 5}`);
    const lines = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      { type: 'failure', failure: { kind: 'hang', seed: seeds[0] } },
      { type: 'model', model: 'endless', seeds: (seeds[0] ?? 0) + 4, failed: 1 },
    ]);
  });

  test('SIM-R09 `--time` ends in time, and the same seeds have the same fingerprint later', async () => {
    const options = [lottery, '--model', 'fair', '--jobs', '2'];
    const timed = await found('model', ...options, '--time', '1s');
    const [line = {}] = timed.lines;
    const counted = await found('model', ...options, '--seeds', String(line['seeds']));
    expect(counted.lines).toMatchObject([
      { seeds: line['seeds'], steps: line['steps'], fingerprint: line['fingerprint'] },
    ]);
  });

  test('SIM-E01 ends with 2 if a program reads a file, and shows its line', async () => {
    const { status, text } = await run(lottery, '--model', 'escape');
    expect(status).toBe(2);
    expect(text).toMatch(/\n +at .*lottery\.ts:/);
  });

  test('SIM-E02 runs what is allowed by name, and says that it was', async () => {
    const { status, lines } = await found('model', lottery, '--model', 'allowed escape');
    expect(status).toBe(0);
    expect(lines).toMatchObject([{ seeds: 200, escapes: ['fs'] }]);
  });

  test('SIM-D06 ends with 3 if a seed diverges', async () => {
    const { status, text } = await run(lottery, '--model', 'clock');
    expect(status).toBe(3);
    expect(text).toMatch(/got another at step \d+\n +was .*\n +is /);
  });
});

/** What a failure is, without how to run it again. */
function pageIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /^ +(?:seed|tape|\d+) |^Error/.test(line));
}

describe('the corpus', () => {
  async function failed(): Promise<string> {
    const { corpus } = await run(tickets);
    return corpus;
  }

  test('SIM-R10 is run first, and an entry that passes is named', async () => {
    const corpus = await failed();
    const [name = ''] = readdirSync(corpus);
    const tape = JSON.parse(readFileSync(join(corpus, name), 'utf8')) as object;
    writeFileSync(join(corpus, name), JSON.stringify({ ...tape, model: 'fair' }));
    const args = ['simulate', lottery, '--model', 'fair', '--jobs', '1', '--corpus', corpus];
    const { status, stdout } = await runReprise(...args);
    expect(status).toBe(0);
    expect(stdout.join('\n')).toMatch(/^.*tickets-\d+\.json no longer fits: .*\nfair +200 seeds/s);
  });

  test('SIM-R10 an entry that still fails fails the run, and is not searched again', async () => {
    const corpus = await failed();
    const { status, stdout } = await runReprise('simulate', tickets, '--corpus', corpus);
    expect(status).toBe(1);
    expect(stdout.filter((line) => line.startsWith('Error: '))).toHaveLength(1);
    expect(readdirSync(corpus)).toHaveLength(1);
  });

  test('SIM-R05 ends with 3 if a tape no longer fits', async () => {
    const corpus = await failed();
    const [name = ''] = readdirSync(corpus);
    const path = join(corpus, name);
    const tape = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...tape, model: 'fair' }));
    const { status, text } = await run(lottery, '--replay', path);
    expect(status).toBe(3);
    expect(text).toMatch(
      /no longer fits: the program makes other choices, from step \d+\n +was .*\n +is /,
    );
  });
});

describe('--mutants', () => {
  test('puts each mutant into the code, and tells the seed that caught it', async () => {
    const { status, lines } = await found('mutant', lottery, '--mutants');
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      { mutant: 'a negative prize', seed: expect.any(Number), message: 'Error: a prize of -10' },
      { mutant: 'a larger prize', message: 'no seed failed' },
      {
        mutant: 'a text that is not there',
        message: expect.stringContaining('Expected "number * 10" once in'),
      },
      {
        mutant: 'a file that is not loaded',
        message: 'Expected models/tickets.ts to be loaded, got none',
      },
    ]);
    expect(lines.map(({ seed }) => typeof seed)).toEqual(['number', ...Array(3).fill('undefined')]);
  });
});

describe('wrong usage', () => {
  test.each([
    [[], "Expected a file, as in 'reprise simulate FILE', got none"],
    [['none.ts'], 'Expected a file or a folder with models, got "none.ts"'],
    [
      [lottery, '--model', 'fiar'],
      'Expected the name of a model, "fair" or "endless" or "exit" or "unhandled" or "clock" or "escape" or "allowed escape" or "never", got "fiar": did you mean "fair"?',
    ],
    [
      [lottery, '--time', '10'.padEnd(3, 'd')],
      'Expected --time to be a time above 0, such as 90s, 10m or 2h, got "10d"',
    ],
    [
      [lottery, '--time', '1m', '--seconds', '1'],
      'Expected either --time or --seconds, got "--time and --seconds"',
    ],
    [[lottery, '--seeds', '0'], 'Expected --seeds to be a whole number from 1 on, got "0"'],
    [
      [lottery, '--sedes', '1'],
      "Expected options that 'reprise simulate --help' lists, got --sedes (Did you mean --seeds?)",
    ],
  ])('%j ends with 64', async (args, message) => {
    const { status, stderr } = await runReprise('simulate', ...args);
    expect(stderr).toEqual([message]);
    expect(status).toBe(64);
  });

  test('without the package it says what to install', async () => {
    const program = programAlone();
    const file = join(folder(), 'model.mjs');
    writeFileSync(file, 'export default () => {};');
    const { status, stderr } = spawnSync(process.execPath, [...program, 'simulate', file], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      'Expected the package @reprise/simulation to be installed, got none: npm install --save-dev @reprise/simulation\n',
    );
    expect(status).toBe(64);
  });

  test('a module without a model ends with 64', async () => {
    const { status, stderr } = await runReprise('simulate', join(models, 'support/prize.ts'));
    expect(stderr.join('\n')).toMatch(
      /^Expected .*prize\.ts to export a model as default, or a list of them as `models`, got \["prize"\]$/,
    );
    expect(status).toBe(64);
  });

  test('a module that throws ends with 64, and shows its line', async () => {
    const file = join(folder(), 'broken.mjs');
    writeFileSync(file, "throw new Error('broken');");
    const { status, stderr } = await runReprise('simulate', file);
    expect(stderr.join('\n')).toMatch(/^Error: broken\n +at .*broken\.mjs:1/);
    expect(status).toBe(64);
  });
});

/** A copy of the program beside which only its dependencies are installed. */
function programAlone(): readonly string[] {
  const copy = folder();
  const cli = join(import.meta.dirname, '..');
  cpSync(join(cli, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(cli, 'package.json'), join(copy, 'package.json'));
  const { dependencies } = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(copy, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(cli, 'node_modules', name)), link, 'junction');
  }
  return ['--conditions=@reprise/source', join(copy, 'src/main.ts')];
}
