import { Contents, type Loss } from './contents.ts';

type Names = ReadonlyMap<string, Contents>;

/** The files of a disk by their paths: those that are synced, and the changes since then. */
export class Directory {
  #names: Map<string, Contents> = new Map();
  /** How the names were at the last sync, and after each change since then. */
  #history: Names[] = [new Map()];

  get paths(): readonly string[] {
    return [...this.#names.keys()];
  }

  find(path: string): Contents | undefined {
    return this.#names.get(path);
  }

  create(path: string): Contents {
    const contents = new Contents();
    this.#change(() => this.#names.set(path, contents));
    return contents;
  }

  rename(from: string, to: string): void {
    const contents = this.#existing(from);
    this.#change(() => {
      this.#names.delete(from);
      this.#names.set(to, contents);
    });
  }

  /** Whether it was there. */
  delete(path: string): boolean {
    return this.#names.has(path) && this.#change(() => this.#names.delete(path));
  }

  /** The bytes of one file or of all, and all names so far, as a journal keeps them. */
  sync(path?: string): void {
    const synced = path === undefined ? this.#names.values() : [this.#existing(path)];
    for (const contents of synced) {
      contents.sync();
    }
    this.#history = [new Map(this.#names)];
  }

  losePower(loss: Loss): void {
    const lost = loss.draws.below(this.#history.length);
    this.#names = new Map(this.#history.at(-1 - lost));
    for (const contents of this.#names.values()) {
      contents.losePower(loss);
    }
    this.#history = [new Map(this.#names)];
  }

  #existing(path: string): Contents {
    const contents = this.#names.get(path);
    if (contents === undefined) {
      const message = `ENOENT: no such file or directory, ${path}`;
      throw Object.assign(new Error(message), { code: 'ENOENT', path });
    }
    return contents;
  }

  #change(change: () => unknown): true {
    change();
    this.#history.push(new Map(this.#names));
    return true;
  }
}
