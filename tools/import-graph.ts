import { dirname } from 'node:path/posix';

import type { SourceFile } from './source-file.ts';

/** How the files and folders of a package import each other. */
export interface ImportGraph {
  readonly folders: number;
  /** The pairs of entries (folders, and files beside them) of which one imports the other. */
  readonly arrows: number;
  /** The imports of an entry that stands later in docs/architecture.md, as `a.ts → b/c.ts`. */
  readonly back: readonly string[];
  readonly cycles: readonly (readonly string[])[];
}

/** `entries` are those of a package's folder, in the order in which they may be imported. */
export function importGraph(
  folder: string,
  entries: readonly string[],
  files: readonly SourceFile[],
): ImportGraph {
  const rank = (path: string): number =>
    entries.findIndex((entry) => `${path}/`.startsWith(`${folder}/${entry.replace(/\/?$/, '/')}`));
  const imports = files.flatMap(({ path, imports }) =>
    imports.map((imported) => [path, imported] as const),
  );
  const between = imports.filter(([from, to]) => rank(from) !== rank(to));
  return {
    folders: new Set(files.map(({ path }) => dirname(path))).size,
    arrows: new Set(between.map(([from, to]) => `${rank(from)} ${rank(to)}`)).size,
    back: between
      .filter(([from, to]) => rank(to) > rank(from))
      .map(([from, to]) => `${from} → ${to}`),
    cycles: cyclesOf(new Map(files.map(({ path, imports }) => [path, imports]))),
  };
}

/** Depth first: an import of a file that is still open closes a cycle. */
function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const done = new Set<string>();
  const open: string[] = [];
  const cycles: (readonly string[])[] = [];
  const visit = (path: string): void => {
    if (open.includes(path)) {
      cycles.push([...open.slice(open.indexOf(path)), path]);
    } else if (!done.has(path)) {
      open.push(path);
      (imports.get(path) ?? []).forEach(visit);
      open.pop();
      done.add(path);
    }
  };
  [...imports.keys()].forEach(visit);
  return cycles;
}
