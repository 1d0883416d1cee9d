#!/usr/bin/env node
import process from 'node:process';

import { parseArguments } from './arguments.ts';
import { isApart, runApart } from './child-process.ts';
import { Program } from './program.ts';

const task = parseArguments(process.argv.slice(2));
const isExact = task.type === 'tail' && task.options.cursor?.dedupe === true;
await (isExact && !isApart(process) ? runApart(process) : new Program(process).run(task));
