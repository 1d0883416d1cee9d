import type { AddressInfo } from 'node:net';

import { isLoopback } from './options.ts';

/** Clients leave it out of `Host`. */
const portOfHttp = 80;

/** The values of `Host` that name a server which listens there; the first is for a person. */
export function hostNames(
  { address, family, port }: AddressInfo,
  host: string,
): readonly [string, ...string[]] {
  const name = family === 'IPv6' ? `[${address}]` : address;
  const others = isLoopback(host)
    ? ['127.0.0.1', 'localhost', '[::1]']
    : ['localhost', '127.0.0.1'];
  const bare = port === portOfHttp ? [name, ...others] : [];
  return [`${name}:${port}`, ...others.map((other) => `${other}:${port}`), ...bare];
}
