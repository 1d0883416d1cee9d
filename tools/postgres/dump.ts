import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { postgresPrograms } from '../postgres.ts';

/** The statements that put a database back to how it is now. */
export function dumpDatabase(url: string): string {
  return run('pg_dump', ['--clean', '--if-exists', '--dbname', url]);
}

/** Puts a database back in one transaction, while its clients go on; `dump` is as it was. */
export function restoreDatabase(url: string, dump: string): void {
  const options = ['--no-psqlrc', '--quiet', '--single-transaction', '-v', 'ON_ERROR_STOP=1'];
  run('psql', [...options, '--dbname', url], dump);
}

function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(join(postgresPrograms() ?? '', program), args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
}
