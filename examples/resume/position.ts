import { readFile, rename, writeFile } from 'node:fs/promises';

/** The position in a feed, kept in a file that outlives the program. */
export interface Position {
  /** Resolves with `""` if there is none yet. */
  read(): Promise<string>;
  write(lastEventId: string): Promise<void>;
}

export function positionIn(file: string): Position {
  return {
    read: () =>
      readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') {
          return '';
        }
        throw error;
      }),
    // A rename is atomic: after a kill the file has the old position or the new one.
    write: async (lastEventId) => {
      await writeFile(`${file}.new`, lastEventId);
      await rename(`${file}.new`, file);
    },
  };
}
