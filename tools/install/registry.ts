import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry that has some packages and knows no others: package managers ask it for a scope. */
export interface Registry {
  readonly url: string;
  close(): void;
}

interface Published {
  readonly name: string;
  readonly version: string;
  readonly bytes: Buffer;
  readonly manifest: object;
}

/** Serves packages from their tarballs. */
export async function startRegistry(tarballs: readonly string[]): Promise<Registry> {
  const packages = new Map(
    tarballs.map((tarball) => {
      const published = read(tarball);
      return [published.name, published];
    }),
  );
  const server: Server = createServer(({ url = '', headers: { host } }, response) => {
    const [name = '', isTarball] = decodeURIComponent(url.slice(1)).split('/-/');
    const found = packages.get(name);
    if (found === undefined) {
      response.writeHead(404).end('{}');
    } else if (isTarball === undefined) {
      response.end(JSON.stringify(describe(found, `http://${host}`)));
    } else {
      response.end(found.bytes);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function read(tarball: string): Published {
  const text = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], {
    encoding: 'utf8',
  });
  const manifest = JSON.parse(text) as { readonly name: string; readonly version: string };
  return { ...manifest, manifest, bytes: readFileSync(tarball) };
}

/** The document of a package, as registries answer with it. */
function describe({ name, version, manifest, bytes }: Published, url: string): object {
  const dist = {
    tarball: `${url}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`,
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
  };
  return {
    name,
    'dist-tags': { latest: version },
    time: { [version]: '2020-01-01T00:00:00.000Z' },
    versions: { [version]: { ...manifest, dist } },
  };
}
