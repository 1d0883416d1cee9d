#!/usr/bin/env node
import process from 'node:process';

import { parseArguments } from './arguments.ts';
import { Program } from './program.ts';

const program = new Program(process);
await program.run(parseArguments(process.argv.slice(2)));
