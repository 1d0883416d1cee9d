import type { Command } from 'commander';

/** The exit status for wrong usage: 1, 2 and 3 say how a run failed. */
export const misuseOfSimulate = 64;

/** Describes `reprise simulate`. */
export function withSimulateOptions(simulate: Command): Command {
  return simulate
    .summary('run a program under many seeds, and report the first that fails')
    .description(
      'Runs the models that FILE exports, each under many seeds: every seed has its own order of turns, delays and ' +
        'faults. A failure is made small, and its tape is written into a folder whose tapes are run ' +
        'first each time. A folder stands for the files in it. Needs the package @reprise/simulation.',
    )
    .argument(
      '<FILE...>',
      'a module whose default export is a model or a program, or which exports `models`',
    )
    .optionsGroup('Which runs:')
    .option('--seeds <N>', 'how many seeds (default: 200, or as many as --time allows)')
    .option('--from <N>', 'the first seed (default: 0)')
    .option('--time <TIME>', 'how long all models may take together, such as 90s, 10m or 2h')
    .option('--seconds <S>', 'the same in seconds')
    .option('--model <NAME>', 'only this model (repeatable)', append)
    .option('--replay <TAPE>', 'only this tape: a file of the corpus')
    .option('--corpus <FOLDER>', 'the folder of failures (default: `corpus` beside FILE)')
    .option(
      '--mutants [N]',
      'put each mutant of the models into the code, and see that it is caught; with N only those that need at most N seeds',
    )
    .optionsGroup('How they run:')
    .option('--jobs <N>', 'how many workers (default: as many as there are cores)')
    .option('--limit <TIME>', 'how long one run may take before it is stopped (default: 60s)')
    .option('--bail', 'stop after the first failure of a model')
    .optionsGroup('Output:')
    .option(
      '--trace',
      'print all steps of a failure, of the tape of --replay, or of the one seed of --seeds 1',
    )
    .option('--json', 'print one JSON object a line')
    .optionsGroup('Other:')
    .addHelpText('after', exitStatus);
}

const exitStatus = `
Exit status:
  0  everything held
  1  something failed: a check, the program, a \`sometimes\` that no seed reached, or
     a mutant that no seed caught
  2  a program used something outside of the simulation
  3  a seed did not do the same again, or the tape of --replay no longer fits
  64  wrong usage, or FILE cannot be loaded
`;

function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
