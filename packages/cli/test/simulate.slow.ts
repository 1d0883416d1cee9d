import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { describe, expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import { sides } from './models/lottery.ts';
import { runReprise } from './support/reprise.ts';
import { findLines, lottery, newFolder, runSimulate, tickets } from './support/simulate.ts';

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
  test('prints the steps of one seed with `--trace`', async () => {
    const { status, text } = await runSimulate(
      lottery,
      '--model',
      'fair',
      '--seeds',
      '1',
      '--trace',
    );
    expect(status).toBe(0);
    expect(text).toMatch(/^step +time +node +kind +what\n +1 .*\n( +\d+ .*\n)+fair +1 seeds/);
  });

  test('names the seed of a program that ends its process', async () => {
    const { status, lines } = await findLines('failure', lottery, '--model', 'exit');
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
    const { status, text } = await runSimulate(lottery, '--model', 'never', '--seeds', '5');
    expect(status).toBe(1);
    expect(text).toContain('never: Expected some seed to reach "the impossible", got none among 5');
  });

  test('SIM-R07 tells an unhandled rejection of the seed that caused it', async () => {
    const { status, lines } = await findLines('failure', lottery, '--model', 'unhandled');
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
    const { status, stdout } = await runSimulate(lottery, ...options, `${(seeds[0] ?? 0) + 5}`);
    const lines = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      { type: 'failure', failure: { kind: 'hang', seed: seeds[0] } },
      { type: 'model', model: 'endless', seeds: (seeds[0] ?? 0) + 4, failed: 1 },
    ]);
  });

  test('SIM-R08 a run that is kept from the processor is no loop without end', async () => {
    const options = ['--model', 'held up', '--limit', '1s', '--seeds', '1', '--json'];
    const { status, stdout } = await runSimulate(lottery, ...options);
    expect(stdout.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: 'model', model: 'held up', seeds: 1, failed: 0 },
    ]);
    expect(status).toBe(0);
  });

  test('SIM-R09 `--time` ends in time, and the same seeds have the same fingerprint later', async () => {
    const options = [lottery, '--model', 'fair', '--jobs', '2'];
    const timed = await findLines('model', ...options, '--time', '1s');
    const [line = {}] = timed.lines;
    const counted = await findLines('model', ...options, '--seeds', String(line['seeds']));
    expect(counted.lines).toMatchObject([
      { seeds: line['seeds'], steps: line['steps'], fingerprint: line['fingerprint'] },
    ]);
  });

  test('SIM-E02 runs what is allowed by name, and says that it was', async () => {
    const { status, lines } = await findLines('model', lottery, '--model', 'allowed escape');
    expect(status).toBe(0);
    expect(lines).toMatchObject([{ seeds: 200, escapes: ['fs'] }]);
  });

  test('SIM-D06 ends with 3 if a seed diverges', async () => {
    const { status, text } = await runSimulate(lottery, '--model', 'clock');
    expect(status).toBe(3);
    expect(text).toMatch(/got another at step \d+\n +was .*\n +is /);
  });
});

describe('the corpus', () => {
  async function failed(): Promise<string> {
    const { corpus } = await runSimulate(tickets);
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
    const { status, text } = await runSimulate(lottery, '--replay', path);
    expect(status).toBe(3);
    expect(text).toMatch(
      /no longer fits: the program makes other choices, from step \d+\n +was .*\n +is /,
    );
  });
});

describe('wrong usage', () => {
  test('a file that is not there ends with 64', async () => {
    const { status, stderr } = await runReprise('simulate', 'none.ts');
    expect(stderr).toEqual(['Expected a file or a folder with models, got "none.ts"']);
    expect(status).toBe(64);
  });

  test('without the package it says what to install', async () => {
    const program = programAlone();
    const file = join(newFolder(), 'model.mjs');
    writeFileSync(file, 'export default () => {};');
    const { status, stderr } = spawnSync(process.execPath, [...program, 'simulate', file], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      'Expected the package @reprise/simulation to be installed, got none: npm install --save-dev @reprise/simulation\n',
    );
    expect(status).toBe(64);
  });

  test('a module that throws ends with 64, and shows its line', async () => {
    const file = join(newFolder(), 'broken.mjs');
    writeFileSync(file, "throw new Error('broken');");
    const { status, stderr } = await runReprise('simulate', file);
    expect(stderr.join('\n')).toMatch(/^Error: broken\n +at .*broken\.mjs:1/);
    expect(status).toBe(64);
  });
});

/** A copy of the program beside which only its dependencies are installed. */
function programAlone(): readonly string[] {
  const copy = newFolder();
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
