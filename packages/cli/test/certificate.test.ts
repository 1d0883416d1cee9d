import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { parsePin } from '../src/pinned-agent.ts';
import { runReprise } from './support/reprise.ts';
import { certificate, serveSecurely, stream, type TestServer } from './support/server.ts';

const cert = new X509Certificate(readFileSync(certificate));
const fingerprint = cert.fingerprint256;
const publicKey = `sha256//${createHash('sha256')
  .update(cert.publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64')}`;

/** By its address, the certificate of localhost has the wrong name. */
async function device(): Promise<TestServer & { readonly address: string }> {
  const server = await serveSecurely((_, response) => {
    stream(response, 'data: x\n\n');
  });
  return { ...server, address: server.url.replace('localhost', '127.0.0.1') };
}

const printed = { status: 0, stdout: ['message x'] };

describe('a certificate that is not trusted', () => {
  test('is refused, and the line names the options that trust it, not those of Node', async () => {
    const { url } = await device();
    const { status, stderr } = await runReprise('tail', url);
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(
      /^gave up .*self-signed certificate \(--ca FILE, --pin SHA256 or --insecure trust it\)$/,
    );
  });

  test.each([['--insecure'], ['-k']])('is accepted with %s, whatever its name', async (flag) => {
    const { address } = await device();
    expect(await runReprise('tail', '--count', '1', flag, address)).toMatchObject(printed);
  });

  test.each([fingerprint, fingerprint.replaceAll(':', '').toLowerCase(), publicKey])(
    'is accepted with --pin %s, whatever its name',
    async (pin) => {
      const { address } = await device();
      expect(await runReprise('tail', '--count', '1', '--pin', pin, address)).toMatchObject(
        printed,
      );
    },
  );

  test('is refused with the --pin of another, before anything is sent', async () => {
    let requests = 0;
    const { url } = await serveSecurely((_, response) => {
      requests += 1;
      response.end();
    });
    const pin = 'ab'.repeat(32);
    const { status, stderr } = await runReprise('tail', '--pin', pin, url);
    expect({ status, requests }).toEqual({ status: 1, requests: 0 });
    expect(stderr.at(-1)).toContain('the certificate is not the one of --pin');
  });
});

test('a certificate for another name is refused, unless --servername gives that name', async () => {
  const { address } = await device();
  const trusting = ['tail', '--count', '1', '--ca', certificate];
  const refused = await runReprise(...trusting, '--servername', 'other.example', address);
  expect(refused.stderr.at(-1)).toMatch(
    /\(--servername NAME, --pin SHA256 or --insecure accept it\)$/,
  );
  expect(await runReprise(...trusting, '--servername', 'localhost', address)).toMatchObject(
    printed,
  );
});

test.each(['', 'ab', 'zz'.repeat(32), `sha256//${'A'.repeat(44)}`, 'ab'.repeat(33)])(
  '%j is no pin',
  (text) => {
    expect(parsePin(text)).toBeUndefined();
  },
);
