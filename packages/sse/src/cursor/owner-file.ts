import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

// The lock of a cursor file keeps readers out too, so the process that has it writes its name into
// a second file. The lock decides; this file only makes a better error message.

export function writeOwner(path: string): void {
  // Removed and not written over: the name could be a link to a file of another program.
  removeOwner(path);
  writeFileSync(ownerFile(path), `process ${process.pid} on ${hostname()}`, { flag: 'wx' });
}

export function readOwner(path: string): string {
  try {
    return readFileSync(ownerFile(path), 'utf8');
  } catch {
    return 'another process';
  }
}

export function removeOwner(path: string): void {
  rmSync(ownerFile(path), { force: true });
}

function ownerFile(path: string): string {
  return `${path}-owner`;
}
