// Compiles small programs, for the tests of the compiler's messages about mistakes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { root } from './root.ts';

/**
 * The errors of each program, by its number. All programs are compiled at once, in the time of one.
 * `modules`: the folder of each package that they import, from the root.
 */
export function compilerErrors(
  programs: readonly string[],
  modules: Readonly<Record<string, string>>,
): ReadonlyMap<number, readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mistakes-'));
  try {
    for (const [name, path] of Object.entries({ '@types': 'node_modules/@types', ...modules })) {
      const link = join(folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, path), link, 'junction');
    }
    programs.forEach((program, at) => {
      writeFileSync(join(folder, `${at}.mts`), program);
    });
    return compile(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): ReadonlyMap<number, readonly string[]> {
  const options = { extends: join(root, 'tsconfig.check.json'), include: ['*.mts'] };
  const compilerOptions = { incremental: false, noUnusedLocals: false };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...options, compilerOptions }));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['-p', folder, '--pretty', 'false'];
  const { stdout } = spawnSync(process.execPath, [compiler, ...flags], {
    cwd: folder,
    encoding: 'utf8',
  });
  const found = [...stdout.matchAll(/^(\d+)\.mts\(\d+,\d+\): (error .*(?:\n .*)*)/gm)];
  const byProgram = Map.groupBy(found, ([, at]) => Number(at));
  return new Map([...byProgram].map(([at, errors]) => [at, errors.map(([, , text = '']) => text)]));
}
