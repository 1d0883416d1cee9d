import { assertName } from '../arguments/assert.ts';
import type { Owner } from '../engine/happening.ts';
import type { Contents } from './contents.ts';
import type { Directory } from './directory.ts';
import type { Drive } from './drive.ts';

/**
 * The files of a node, for one life of it. A crash keeps all synced changes. With faults of disks
 * it may lose later ones, the last of them first; leave a write in part; and let a change land
 * after the restart. A promise never settles when the node crashes before it does.
 */
export class Disk {
  readonly #drive: Drive;
  readonly #life: Owner;

  constructor(drive: Drive, life: Owner) {
    this.#drive = drive;
    this.#life = life;
  }

  /** The bytes of a file; `undefined` if it is not there. */
  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#at(path, `reads ${path}`, (files) => files.find(path)?.bytes);
  }

  /** As `read`, as text in UTF-8. */
  readText(path: string): Promise<string | undefined> {
    return this.#at(path, `reads ${path}`, (files) => files.find(path)?.bytes.toString());
  }

  /**
   * Replaces the whole content of a file with `data`; creates the file if it is not there. A text
   * is written in UTF-8.
   */
  write(path: string, data: string | Uint8Array): Promise<void> {
    return this.#put(`writes ${path}`, path, { replaces: true, bytes: Buffer.from(data) });
  }

  /** Adds `data` to the end of the file, which is created if it is not there. */
  append(path: string, data: string | Uint8Array): Promise<void> {
    return this.#put(`appends to ${path}`, path, { replaces: false, bytes: Buffer.from(data) });
  }

  /**
   * Lets the bytes of a file, or of all, and all that was created, renamed and deleted so far
   * survive a crash. Rejects with the `code` ENOENT if the file is not there.
   */
  sync(path?: string): Promise<void> {
    return this.#run(path === undefined ? 'syncs all' : `syncs ${path}`, (files) => {
      files.sync(path);
    });
  }

  /**
   * Gives a file another path, in the place of one that is there. Rejects with the `code` ENOENT if
   * `from` is not there.
   */
  rename(from: string, to: string): Promise<void> {
    assertName('the new path of a file', to);
    return this.#at(from, `renames ${from} to ${to}`, (files) => {
      files.rename(from, to);
    });
  }

  /** Deletes a file. Resolves with whether it was there. */
  delete(path: string): Promise<boolean> {
    return this.#at(path, `deletes ${path}`, (files) => files.delete(path));
  }

  /** The paths of all files. */
  list(): Promise<readonly string[]> {
    return this.#run('lists its files', (files) => files.paths);
  }

  /** The text of a file now, synced or not, for checks; `undefined` if it is not there. */
  peek(path: string): string | undefined {
    return this.#drive.directory.find(path)?.bytes.toString();
  }

  #put(what: string, path: string, write: Parameters<Contents['write']>[0]): Promise<void> {
    return this.#at(path, what, (files) => {
      (files.find(path) ?? files.create(path)).write(write);
    });
  }

  /** @throws TypeError for a path that is no text */
  #at<Answer>(path: string, what: string, apply: (files: Directory) => Answer): Promise<Answer> {
    assertName('the path of a file', path);
    return this.#run(what, apply);
  }

  #run<Answer>(what: string, apply: (files: Directory) => Answer): Promise<Answer> {
    return this.#drive.run(this.#life, { what, apply });
  }
}
