import { createSecureContext } from 'node:tls';

import { pinnedAgent, parsePin } from '../pinned-agent.ts';
import type { ClientOptions } from './client-options.ts';
import type { GivenOptions } from './given.ts';
import { defined, expected, readFile, UsageError } from './usage.ts';

/** The options of TLS: authorities, a client certificate, and the checks of the server. */
export function tlsOptions(given: GivenOptions): Pick<ClientOptions, 'tls' | 'got'> {
  const files = tlsFiles(given);
  const { insecure, servername: serverName, pin } = given;
  if (pin !== undefined && (insecure === true || given.ca !== undefined)) {
    throw expected('--pin alone', insecure === true ? '--pin and --insecure' : '--pin and --ca');
  }
  const https = defined({
    rejectUnauthorized: insecure === true ? false : undefined,
    serverName,
  });
  return defined({
    tls: Object.keys(files).length === 0 ? undefined : files,
    got:
      pin === undefined && Object.keys(https).length === 0
        ? undefined
        : { https, ...(pin === undefined ? {} : { agent: { https: pinnedAgent(pinOf(pin)) } }) },
  });
}

function pinOf(text: string): ReturnType<typeof parsePin> & object {
  const pin = parsePin(text);
  if (pin === undefined) {
    throw expected(
      '--pin to be the SHA-256 of a certificate in hex, or sha256//BASE64 of its public key',
      text,
    );
  }
  return pin;
}

function tlsFiles(given: GivenOptions): NonNullable<ClientOptions['tls']> {
  if ((given.cert === undefined) !== (given.key === undefined)) {
    throw expected('--cert and --key together', given.cert === undefined ? '--key' : '--cert');
  }
  const files = defined({
    ca: text('--ca', given.ca),
    cert: text('--cert', given.cert),
    key: text('--key', given.key),
  });
  // Node ignores a file without a certificate, and would then trust no server.
  if (files.ca !== undefined && !files.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw expected('--ca to name a PEM file of certificates', `${given.ca}`);
  }
  assertPair(files);
  return files;
}

function assertPair(files: { readonly cert?: string; readonly key?: string }): void {
  try {
    createSecureContext(files);
  } catch (error) {
    throw new UsageError(
      `Expected --cert and --key to name PEM files that belong together, got ${(error as Error).message}`,
    );
  }
}

function text(flag: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFile(flag, path).toString('utf8');
}
