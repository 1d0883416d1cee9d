import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export type Rival = 'beam' | 'nact' | 'xstate';
export type ContenderName = 'reprise' | Rival;

/** The versions of the runtime and of the contender, by name. */
export type Versions = Readonly<Record<string, string>>;

/** How the programs of a contender run. */
export interface Contender {
  readonly title: string;
  readonly command: readonly [file: string, ...args: string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** `undefined` where it is not installed. */
  versions(): Promise<Versions | undefined>;
  readonly install: string;
}

const node: Contender['command'] = [
  process.execPath,
  '--conditions=@reprise/source',
  '--expose-gc',
];
const install = 'pnpm install';

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  reprise: {
    title: 'Reprise',
    command: node,
    versions: () => Promise.resolve({ node: process.versions.node }),
    install,
  },
  beam: {
    title: 'BEAM',
    command: ['elixir'],
    // One scheduler, as Node has one thread; and room for a million processes, above the default
    // limit.
    environment: { ELIXIR_ERL_OPTIONS: '+S 1:1 +P 2000000' },
    versions: beamVersions,
    install: 'apt-get install elixir',
  },
  nact: { title: 'nact', command: node, versions: () => packageVersion('nact'), install },
  xstate: { title: 'xstate', command: node, versions: () => packageVersion('xstate'), install },
};

async function beamVersions(): Promise<Versions | undefined> {
  try {
    const { stdout } = await promisify(execFile)('elixir', ['--version']);
    const [, otp = 'unknown'] = /Erlang\/OTP (\S+)/.exec(stdout) ?? [];
    const [, elixir = 'unknown'] = /Elixir (\S+)/.exec(stdout) ?? [];
    return { otp, elixir };
  } catch {
    return undefined;
  }
}

function packageVersion(name: string): Promise<Versions> {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  return Promise.resolve({ [name]: version });
}
