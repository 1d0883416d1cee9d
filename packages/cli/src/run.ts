import process from 'node:process';

import { parseArguments } from './arguments.ts';
import { isChildProcess, runInChildProcess } from './child-process.ts';
import { Program } from './program.ts';

const task = parseArguments(process.argv.slice(2));
const isExactlyOnce = task.type === 'tail' && task.options.cursor?.dedupe === true;
await (isExactlyOnce && !isChildProcess(process)
  ? runInChildProcess(process, task.options.client.body)
  : new Program(process).run(task));
