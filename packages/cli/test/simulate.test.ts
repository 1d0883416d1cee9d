import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { parseArguments } from '../src/arguments.ts';
import { runReprise } from './support/reprise.ts';
import { findLines, lottery, models, runSimulate, tickets } from './support/simulate.ts';

describe('reprise simulate', () => {
  test('SIM-R01 prints a failure, and a command that fails in the same way', async () => {
    const first = await runSimulate(tickets);
    expect(first.status).toBe(1);
    expect(first.text).toMatch(/Error: 3 tickets of 2 were sold\n +at .*tickets\.ts:/);
    const [, command = ''] = /^ +replay +reprise simulate (.*)$/m.exec(first.text) ?? [];
    const second = await runReprise('simulate', ...command.split(' '));
    expect(second.status).toBe(1);
    expect(pageIn(second.stdout)).toEqual(pageIn(first.stdout));
  });

  test('runs 200 seeds, and prints one line for a model that holds', async () => {
    const { status, text } = await runSimulate(lottery, '--model', 'fair');
    expect(status).toBe(0);
    expect(text).toMatch(
      /^fair +200 seeds +[\d,]+ a minute +\d+ steps each +0 failed +[\da-f]{16} +above 7 \d+ %$/,
    );
  });

  test('SIM-E01 ends with 2 if a program reads a file, and shows its line', async () => {
    const { status, text } = await runSimulate(lottery, '--model', 'escape');
    expect(status).toBe(2);
    expect(text).toMatch(/\n +at .*lottery\.ts:/);
  });
});

/** The lines of a failure that name it, without the command to run it again. */
function pageIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /^ +(?:seed|tape|\d+) |^Error/.test(line));
}

describe('--mutants', () => {
  test('puts each mutant into the code, and tells the seed that caught it', async () => {
    const { status, lines } = await findLines('mutant', lottery, '--mutants');
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
  ])('%j ends with 64', (args, message) => {
    const task = parseArguments(['simulate', ...args]);
    expect(task).toEqual({ type: 'misuse', status: 64, text: `${message}\n` });
  });

  test('a model that is not in the file ends with 64', async () => {
    const { status, stderr } = await runReprise('simulate', lottery, '--model', 'fiar');
    expect(stderr).toEqual([
      'Expected the name of a model, "fair" or "endless" or "held up" or "exit" or "unhandled" or "clock" or "escape" or "allowed escape" or "never", got "fiar": did you mean "fair"?',
    ]);
    expect(status).toBe(64);
  });

  test('a module without a model ends with 64', async () => {
    const { status, stderr } = await runReprise('simulate', join(models, 'support/prize.ts'));
    expect(stderr.join('\n')).toMatch(
      /^Expected .*prize\.ts to export a model as default, or a list of them as `models`, got \["prize"\]$/,
    );
    expect(status).toBe(64);
  });
});
