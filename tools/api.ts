// Compares the public surface of each entry of the packages with its report in api/. A change of
// the surface shows in review. `--update` writes the reports. It needs the declarations that
// `tsc -b` builds.
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';

import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor';

import { root } from './root.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

interface Entry {
  /** The folder of its package. */
  readonly folder: string;
  /** Of its report, as `sse-testing`. */
  readonly name: string;
  /** The file with its types. */
  readonly types: string;
}

const isUpdate = process.argv.includes('--update');
const reports = join(root, 'api');
mkdirSync(reports, { recursive: true });
const entries = globSync('packages/{actor,sse,cluster,simulation,observer}/package.json', {
  cwd: root,
}).flatMap((manifest) => entriesOf(join(root, dirname(manifest))));
/** One program for all entries: to read the declarations of Node and of others takes longest. */
let compilerState: CompilerState | undefined;
const changed = entries.filter((entry) => isDifferent(configOf(entry)));
if (changed.length > 0 && !isUpdate) {
  console.error(
    changed
      .map(({ name }) => `Expected the public surface of api/${name}.api.md, got another`)
      .join('\n'),
  );
  console.error('If the change is meant: `pnpm run api`, and commit the reports with it.');
  process.exitCode = 1;
}

function entriesOf(folder: string): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === 'string'
      ? []
      : [
          {
            folder,
            name: `${basename(folder)}${path.slice(1).replace('/', '-')}`,
            types: join(folder, entry.types),
          },
        ],
  );
}

function configOf({ folder, name, types }: Entry): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      compiler: {
        // The condition of this repository would lead to sources, of which it reads no types.
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2024',
            lib: ['es2024'],
            types: ['node'],
            module: 'nodenext',
            strict: true,
            skipLibCheck: true,
          },
          files: entries.map((entry) => entry.types),
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: reports,
        reportTempFolder: join(folder, 'dist', '.api'),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf' as never,
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' as never } },
        extractorMessageReporting: { default: { logLevel: 'none' as never } },
        tsdocMessageReporting: { default: { logLevel: 'none' as never } },
      },
    },
  });
}

function isDifferent(config: ExtractorConfig): boolean {
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: isUpdate,
    compilerState: (compilerState ??= CompilerState.create(config)),
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) {
        console.error(message.formatMessageWithLocation(root));
      }
    },
  });
  return apiReportChanged || errorCount > 0;
}
