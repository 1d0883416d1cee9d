import type { TailOptions } from '../options/options.ts';

/** The number of this worker, from 1 on; `undefined` if this process is none. */
export function workerNumber({ env, connected }: NodeJS.Process): string | undefined {
  return connected ? env['REPRISE_WORKER'] : undefined;
}

/** The options of a worker: it is one node, and its parent counts. */
export function optionsOfWorker(options: TailOptions, number: string): TailOptions {
  const { node } = options;
  if (node === undefined) {
    return options;
  }
  const { place, name } = node;
  const own = { place, ...(name === undefined ? {} : { name: `${name}-${number}` }) };
  return { ...options, count: Infinity, node: own };
}
