import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('hashes.ts', import.meta.url));

/** The hashes of the seeds from 0 on that a process of its own prints, with these flags of Node. */
export async function hashesIn(flags: readonly string[], seeds: number): Promise<string> {
  const given = ['--conditions=@reprise/source', ...flags, script, String(seeds)];
  const { stdout } = await promisify(execFile)(process.execPath, given);
  return stdout;
}
