// Compares the public surface of each entry of the packages with its report in api/. A change of
// the surface shows in review. `--update` writes the reports. It needs the declarations that
// `tsc -b` builds.
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';

import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

import { root } from './root.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const isUpdate = process.argv.includes('--update');
const reports = join(root, 'api');
mkdirSync(reports, { recursive: true });
const changed = globSync('packages/{actor,sse,cluster,simulation,observer}/package.json', {
  cwd: root,
})
  .map((manifest) => join(root, dirname(manifest)))
  .flatMap((folder) =>
    entriesOf(folder).filter(([name, types]) => isDifferent(folder, name, types)),
  );
if (changed.length > 0 && !isUpdate) {
  console.error(
    changed
      .map(([name]) => `Expected the public surface of api/${name}.api.md, got another`)
      .join('\n'),
  );
  console.error('If the change is meant: `pnpm run api`, and commit the reports with it.');
  process.exitCode = 1;
}

/** The name of the report, as `sse-testing`, and the file with the types. */
function entriesOf(folder: string): readonly (readonly [name: string, types: string])[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === 'string'
      ? []
      : [[`${basename(folder)}${path.slice(1).replace('/', '-')}`, entry.types] as const],
  );
}

function isDifferent(folder: string, name: string, types: string): boolean {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
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
          files: [types],
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
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: isUpdate,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) {
        console.error(message.formatMessageWithLocation(root));
      }
    },
  });
  return apiReportChanged || errorCount > 0;
}
