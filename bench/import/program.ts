/**
 * `node program.ts CONTENDER`: imports the modules of the contender in a new process and prints the
 * CPU time as JSON.
 */
export interface Reading {
  /** The CPU time of the imports, in seconds. */
  readonly cpu: number;
}

const contenders: Readonly<Record<string, readonly string[]>> = {
  'got and xstate': ['got', 'xstate'],
  reprise: ['@reprise/sse'],
};

const [name = ''] = process.argv.slice(2);
const before = process.cpuUsage();
for (const module of contenders[name] ?? []) {
  await import(module);
}
const { user, system } = process.cpuUsage(before);
const reading: Reading = { cpu: (user + system) / 1e6 };
console.log(JSON.stringify(reading));
