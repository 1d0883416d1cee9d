import type { Judgement } from '@reprise/observer/wire';

/**
 * What a screen reader says of the findings. Each is told once, as it was when it came: the numbers
 * in its title change with each look.
 */
export class Announcer {
  #titles: ReadonlyMap<string, string> = new Map();
  #wasWell = true;

  /** The text after these findings; the same as long as no finding comes or goes. */
  next({ isWell, text, findings }: Judgement): string {
    this.#titles = new Map(
      findings.map(({ id, title }) => [id, this.#titles.get(id) ?? title] as const),
    );
    const isBack = isWell && !this.#wasWell;
    this.#wasWell &&= isWell;
    return [...(isBack ? [text] : []), ...this.#titles.values()].join('. ');
  }
}
