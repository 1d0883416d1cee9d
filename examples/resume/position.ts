import { readFile, rename, writeFile } from 'node:fs/promises';

/** How far a feed has been read, kept in a file so that it outlives the program. */
export interface Position {
  /** `""` where there is none yet. */
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
    // Whoever is killed meanwhile leaves the old one or the new one, and never half of it.
    write: async (lastEventId) => {
      await writeFile(`${file}.new`, lastEventId);
      await rename(`${file}.new`, file);
    },
  };
}
