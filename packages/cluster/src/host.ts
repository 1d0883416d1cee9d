import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The name of the place in which the id of this process is the only one of its kind: of the host,
 * and on Linux also of the boot of its kernel and of the namespace of its process ids. Containers
 * may have the same host name, and each a process 1.
 * @see https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 */
export function hostOfProcess(): string {
  return hostOf(hostname(), [bootId(), pidNamespace()]);
}

/** Such as `web/1f2e3d4c`; a part that nobody knows is left out. */
export function hostOf(name: string, parts: readonly (string | undefined)[]): string {
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? name : `${name}/${shortened(known.join(' '))}`;
}

function shortened(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function bootId(): string | undefined {
  return unlessMissing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
}

/** Such as `pid:[4026531836]`. */
function pidNamespace(): string | undefined {
  return unlessMissing(() => readlinkSync('/proc/self/ns/pid'));
}

/** Other systems have no such files, and a sandbox may hide them. */
function unlessMissing(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
