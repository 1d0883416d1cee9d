import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * The findings of axe that are serious or critical, by these of its rules, or by all. The page is
 * open with `bypassCSP`.
 */
export async function seriousIn(
  page: Page,
  rules?: readonly string[],
): Promise<readonly (readonly [string, string | undefined])[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') {
    await page.addScriptTag({ content: source });
  }
  const options = JSON.stringify({ resultTypes: ['violations'], runOnly: rules });
  const violations = await page.evaluate<readonly Violation[]>(
    `axe.run(document, ${options}).then(({ violations }) => violations)`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes[0]?.html]);
}

/** What can be pressed on a phone and is less than 32 px high. Links within a text may be. */
export const lowTargets = `[...document.querySelectorAll('button, .tab, .acts a, [role=row][tabindex], input')]
  .filter((element) => element.checkVisibility() && !element.closest('.skip'))
  .filter((element) => (element.closest('label') ?? element).getBoundingClientRect().height < 32)
  .map((element) => element.outerHTML.slice(0, 120))`;
