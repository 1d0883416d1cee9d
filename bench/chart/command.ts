import { readFileSync } from 'node:fs';

import { Command } from 'commander';

import { drawBars } from './bars.ts';

/** The fields that a chart needs of a suite's `--json` result. */
interface Line {
  readonly work: string;
  readonly contender: string;
  readonly ratio: number | null;
}

interface Options {
  readonly title?: string;
}

export const chart: Command = new Command('chart')
  .description('draws the ratios of one work as an SVG, on stdout')
  .argument('<file>', 'the output of a suite with --json')
  .argument('<work>', 'the name of a work in it')
  .option('--title <text>', 'the title of the chart (default: the name of the work)')
  .action((file: string, work: string, options: Options, command: Command) => {
    const results = resultsIn(file);
    if (results === undefined) {
      command.error(`Expected a file that a suite printed with --json, got ${file}`);
    }
    const bars = results
      .filter((line) => line.work === work)
      .flatMap(({ contender, ratio }) => (ratio === null ? [] : [{ name: contender, ratio }]));
    if (bars.length === 0) {
      const works = [...new Set(results.map((line) => line.work))];
      command.error(`Expected one of ${works.join(', ')}, got ${work}`);
    }
    console.log(drawBars(options.title ?? work, bars));
  });

function resultsIn(file: string): readonly Line[] | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly results?: Line[] }).results;
  } catch {
    return undefined;
  }
}
