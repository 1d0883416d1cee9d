/** The version of this package. `pnpm run version` copies it from package.json. */
export const version = '0.0.0';

/**
 * The version of the names and the meaning of the members of all classes with a brand: copies of
 * this package use each other's objects by them. A change of any of these raises it.
 */
export const protocol = 1;
