/**
 * Frames of a stack, without `at`, for the search for a fault in a program: those of Reprise and of
 * the runtime stand in one line, `… 8 frames of @reprise/sse, @reprise/actor, node`.
 */
export function foldFrames(frames: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let folded: string[] = [];
  for (const frame of frames) {
    const owner = ownerOf(frame);
    if (owner === undefined) {
      lines.push(...foldedLine(folded), `    at ${frame}`);
      folded = [];
    } else {
      folded.push(owner);
    }
  }
  return [...lines, ...foldedLine(folded)];
}

function foldedLine(owners: readonly string[]): readonly string[] {
  const { length } = owners;
  const names = [...new Set(owners)].join(', ');
  return length === 0 ? [] : [`    … ${length} ${length === 1 ? 'frame' : 'frames'} of ${names}`];
}

/** The owner of the code of a frame; `undefined` for the code of the program. */
function ownerOf(frame: string): string | undefined {
  const [, name] = installed.exec(frame) ?? source.exec(frame) ?? [];
  if (name !== undefined) {
    return `@reprise/${name}`;
  }
  return runtime.test(frame) ? 'node' : undefined;
}

const runtime = /(?:^|\(|async )(?:node:|<anonymous>\)?$|native\)?$)/;

const installed = /[/\\]@reprise[/\\](\w+)[/\\](?:dist|src)[/\\]/;

/** In the repository of Reprise the packages are in a folder of another name. */
const source = sourcePattern(import.meta.url);

function sourcePattern(url: string): RegExp {
  const folder = /^(.*\/packages\/)actor\/(?:dist|src)\//.exec(url)?.[1] ?? '/@reprise/';
  const path = folder.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(String.raw`${path}(\w+)/(?:dist|src)/`);
}
