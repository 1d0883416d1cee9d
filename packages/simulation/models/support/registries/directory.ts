import {
  Groups,
  isAlive,
  name,
  type Pid,
  type Process,
  type Ref,
  Registry,
  whereis,
} from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { GroupView } from './group-view.ts';
import { LockRules } from './lock-rules.ts';
import { hasSame, Table } from './table.ts';

export const keys = ['a', 'b'] as const;
export const unique = name<Registry.Unique<string, number>>('unique');
export const duplicate = name<Registry.Duplicate<string, number>>('duplicate');
export type RegistryName = typeof unique | typeof duplicate;

/**
 * The process of each key, name and lock, and the members of each group, by the rules. The runtime
 * is compared with it after each step.
 */
export class Directory {
  readonly unique = new Table(true);
  readonly duplicate = new Table(false);
  readonly names = new Table(true);
  readonly groups = new Table(false);
  readonly locks: LockRules;
  /** The knowledge of the owners of monitors. */
  readonly views: Map<Ref, GroupView> = new Map();
  /** The table as a listener was told of it, by registry. */
  readonly #told: Map<Pid, Table> = new Map();
  /** The registries that run. */
  readonly #open: Set<RegistryName> = new Set();
  /** They have lost their keys with a registry, and must end with it. */
  readonly #doomed: Set<Pid> = new Set();
  readonly #system: Process;
  readonly #verdict: Verdict;

  constructor(system: Process, verdict: Verdict) {
    this.#system = system;
    this.#verdict = verdict;
    this.locks = new LockRules(verdict);
  }

  table(registry: RegistryName): Table {
    return registry === unique ? this.unique : this.duplicate;
  }

  isOpen(registry: RegistryName): boolean {
    return this.#open.has(registry);
  }

  opens(registry: RegistryName): void {
    this.#open.add(registry);
  }

  /** A registry is about to end, and with it all that have a key in it. */
  closes(registry: RegistryName): void {
    const table = this.table(registry);
    for (const pid of table.pids) {
      this.#doomed.add(pid);
    }
    table.clear();
    this.#open.delete(registry);
    if (registry === unique) {
      this.locks.clear();
    }
  }

  /** The listener of both registries gets a message. */
  hears({ type, registry, key, pid }: Registry.Change<string>): void {
    const told = this.#told.get(registry) ?? new Table(false);
    this.#told.set(registry, told);
    told.remove(key, pid);
    if (type === 'register') {
      told.add(key, pid);
    }
  }

  /** After each step. */
  check(): void {
    for (const key of keys) {
      const named = whereis(this.#system, key);
      this.#same(`name ${key}`, this.names.of(key), named === undefined ? [] : [named]);
      this.#same(`group ${key}`, this.groups.of(key), Groups.members(this.#system, key));
    }
    for (const registry of this.#open) {
      this.#compare(registry);
    }
    for (const pid of this.#doomed) {
      this.#verdict.expect(!isAlive(pid), () => `${String(pid)} outlived the registry of its key`);
    }
    this.#doomed.clear();
    this.#verdict.check();
  }

  /** With nothing left to happen, the views of all owners and listeners are true. */
  settled(): void {
    this.locks.settled();
    for (const { owner, group, members } of this.views.values()) {
      if (isAlive(owner)) {
        this.#same(`a monitor of ${group}`, this.groups.of(group), members);
      }
    }
    for (const registry of this.#open) {
      const told = this.#told.get(whereis(this.#system, registry.name) as Pid);
      for (const key of keys) {
        const expected = [...new Set(this.table(registry).of(key))];
        this.#same(`a listener of ${key}`, expected, told?.of(key) ?? []);
      }
    }
    this.#verdict.check();
  }

  #compare(registry: RegistryName): void {
    const address = (registry as typeof duplicate).in(this.#system);
    const table = this.table(registry);
    for (const key of keys) {
      const found = Registry.lookup(address, key).map(({ pid }) => pid);
      this.#same(`${registry.name} ${key}`, table.of(key), found);
    }
    const count = Registry.count(address);
    const { length } = table.pids;
    this.#verdict.expect(count === length, () => `${registry.name} has ${count} keys of ${length}`);
  }

  #same(what: string, expected: readonly Pid[], got: readonly Pid[]): void {
    this.#verdict.expect(hasSame(expected, got), () => {
      return `${what}: expected ${expected.map(String).join()}, got ${got.map(String).join()}`;
    });
  }
}
