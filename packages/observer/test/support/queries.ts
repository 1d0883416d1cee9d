import type { Locator, Page } from 'playwright-core';

export const well = (page: Page): Locator =>
  page.getByRole('heading', { level: 1, name: 'All is well.' });

export const rowOf = (page: Page, name: RegExp): Locator => page.getByRole('row', { name });

export const panelOf = (page: Page, name: string): Locator =>
  page.getByRole('complementary', { name });

/** The lane of a stream, by a part of its name. */
export const laneOf = (page: Page, name: string): Locator => rowOf(page, new RegExp(name));
