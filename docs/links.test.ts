import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';
import GithubSlugger from 'github-slugger';

const root = join(import.meta.dirname, '..');
const pages = globSync(
  ['*.md', 'docs/**/*.md', 'packages/*/README.md', 'bench/README.md', 'examples/**/README.md'],
  { cwd: root },
).filter((page) => !page.includes('node_modules'));

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly repository: { readonly url: string };
};
/** Where the files of the repository are on the web. */
const files = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/`;

test.each(pages)('every link of %s leads to a file, and to a heading of it', (page) => {
  expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

test.each(pages.filter((page) => page.startsWith('packages')))(
  'every link of %s is absolute: a registry shows the page without the files around it',
  (page) => {
    expect(linksOf(page).filter((link) => !link.startsWith(files))).toEqual([]);
  },
);

/** The links to files of this repository. */
function linksOf(page: string): readonly string[] {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)]
    .map(([, link, defined]) => link ?? defined ?? '')
    .filter((link) => link.startsWith(files) || !/^\w+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? join(root, page) : targetOf(page, path);
  return existsSync(target) && (heading === undefined || headingsOf(target).includes(heading));
}

function targetOf(page: string, path: string): string {
  return path.startsWith(files)
    ? join(root, path.slice(files.length))
    : join(root, dirname(page), path);
}

/** The headings of a page as GitHub names them in a URL. */
function headingsOf(file: string): readonly string[] {
  if (statSync(file).isDirectory()) {
    return [];
  }
  const slugger = new GithubSlugger();
  const text = withoutCode(readFileSync(file, 'utf8'));
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    slugger.slug(heading.replaceAll('`', '')),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '');
}
