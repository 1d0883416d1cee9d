import { join } from 'node:path';

import { bundleProgram } from '../../../../tools/program.ts';

/** The file of the program, for tests that start it in another way. */
export const main: string = bundleProgram(join(import.meta.dirname, '..', '..', 'src', 'main.ts'));
