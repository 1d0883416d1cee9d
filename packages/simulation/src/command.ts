export type { CommandOptions, Print } from './command/options.ts';
export { runCommand } from './command/run-command.ts';
