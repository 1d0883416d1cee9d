/** The version of this package. `pnpm run version` copies it from package.json. */
export const version = '0.0.0';
