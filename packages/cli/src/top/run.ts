import type { Sink } from '../output/sink.ts';
import { notReached } from './arguments.ts';
import { showTop } from './interactive.ts';
import { UnreachableError } from './observer.ts';
import type { TopOptions } from './options.ts';
import type { ScreenProcess } from './screen.ts';
import { printTop } from './top.ts';

/** In characters, where stdout does not say how wide it is. */
const usualWidth = 120;

/** How a run has ended, with a text for stderr. */
export interface Outcome {
  readonly status: number;
  readonly text: string;
}

/** Runs `reprise top`: on the whole terminal if `isForScreen` and nothing else is asked for. */
export async function runTop(
  options: TopOptions,
  process: ScreenProcess,
  stdout: Sink,
  isForScreen: boolean,
): Promise<Outcome> {
  try {
    if (options.output === 'person' && isForScreen && process.stdin.isTTY) {
      await showTop(options, process);
      return { status: 0, text: '' };
    }
    const columns = process.stdout.columns || usualWidth;
    const status = await printTop(options, { stdout, columns });
    return { status, text: '' };
  } catch (error) {
    if (error instanceof UnreachableError) {
      return { status: notReached, text: `${error.message}\n` };
    }
    throw error;
  }
}
