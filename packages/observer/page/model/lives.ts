import type { EndedLife } from '@reprise/observer/wire';

/** A life, or `count` of them that are folded: `each` is how long they lived in the mean. */
export type LifeLine =
  | { readonly type: 'life'; readonly life: EndedLife }
  | {
      readonly type: 'more';
      readonly count: number;
      readonly each: number;
      readonly handled: number;
      readonly reason: string;
    };

/** Of more lives in a row that ended for the same reason the first and the last are shown. */
const mostAlike = 6;

export function lifeLines(lives: readonly EndedLife[]): readonly LifeLine[] {
  const lines: LifeLine[] = [];
  for (let at = 0; at < lives.length;) {
    const alike = alikeFrom(lives, at);
    const [first, ...others] = alike;
    const last = others.pop();
    const middle = alike.length > mostAlike ? [folded(others)] : others.map(lineOf);
    lines.push(...[first].flatMap(linesOf), ...middle, ...[last].flatMap(linesOf));
    at += alike.length;
  }
  return lines;
}

function alikeFrom(lives: readonly EndedLife[], at: number): readonly EndedLife[] {
  const other = lives.findIndex(({ reason }, index) => index > at && reason !== lives[at]?.reason);
  return lives.slice(at, other === -1 ? lives.length : other);
}

function linesOf(life: EndedLife | undefined): readonly LifeLine[] {
  return life === undefined ? [] : [lineOf(life)];
}

function lineOf(life: EndedLife): LifeLine {
  return { type: 'life', life };
}

function folded(lives: readonly EndedLife[]): LifeLine {
  const lived = lives.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  return {
    type: 'more',
    count: lives.length,
    each: lived / lives.length,
    handled: lives.reduce((sum, life) => sum + life.handled, 0),
    reason: lives[0]?.reason ?? '',
  };
}
