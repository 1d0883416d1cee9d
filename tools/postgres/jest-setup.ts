import { offerPostgres, type SharedPostgres } from './shared.ts';

let shared: SharedPostgres | undefined;

/** Jest calls it before all tests. */
export default async function setup(): Promise<void> {
  shared = await offerPostgres();
}

/** Jest calls it after all tests, by `jest-teardown.ts`. */
export async function teardown(): Promise<void> {
  await shared?.close();
}
