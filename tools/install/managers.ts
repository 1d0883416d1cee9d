import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import process from 'node:process';
import { text } from 'node:stream/consumers';

/** A package manager: how a project is told of it, installs, and runs a program. */
export interface Manager {
  /** Files of the project besides package.json. */
  files(registry: string): Readonly<Record<string, string>>;
  readonly install: readonly string[];
  /** The words before `node …` and before the programs of packages. */
  readonly run: readonly string[];
}

const require = createRequire(import.meta.url);
const yarn = [process.execPath, require.resolve('@yarnpkg/cli-dist/bin/yarn.js')];
const npmrc = (registry: string): string =>
  `@reprise:registry=${registry}/\nupdate-notifier=false\n`;

function yarnWith(linker: string): Manager {
  return {
    files: (registry) => ({
      'yarn.lock': '',
      '.yarnrc.yml': [
        `nodeLinker: ${linker}`,
        `npmScopes: { reprise: { npmRegistryServer: "${registry}" } }`,
        'unsafeHttpWhitelist: ["127.0.0.1"]',
        'enableGlobalCache: false',
        // Else it takes a package of an earlier run, whose version is the same.
        'enableMirror: false',
        'enableImmutableInstalls: false',
        'enableTelemetry: false',
        // The package under test is as young as can be.
        'npmMinimalAgeGate: 0',
      ].join('\n'),
    }),
    install: [...yarn, 'install'],
    run: [...yarn, 'exec'],
  };
}

export const managers: Readonly<Record<string, Manager>> = {
  npm: {
    files: (registry) => ({ '.npmrc': npmrc(registry) }),
    install: ['npm', 'install', '--no-audit', '--no-fund'],
    run: ['npm', 'exec', '--'],
  },
  pnpm: {
    files: (registry) => ({
      '.npmrc': npmrc(registry),
      'pnpm-workspace.yaml': 'packages: ["."]\nminimumReleaseAge: 0\n',
    }),
    install: ['pnpm', 'install', '--no-frozen-lockfile'],
    run: ['pnpm', 'exec'],
  },
  'Yarn, node-modules': yarnWith('node-modules'),
  'Yarn, PnP': yarnWith('pnp'),
};

/** Runs a command, and resolves with its output. Rejects with all of it if the command fails. */
export async function run(cwd: string, command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, CI: '', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
    shell: process.platform === 'win32',
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (status !== 0) {
    throw new Error(`$ ${command.join(' ')} in ${cwd}: ${status}\n${stdout}${stderr}`);
  }
  return stdout;
}
