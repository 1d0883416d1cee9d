/**
 * `node --conditions=@reprise/source program.ts ENGINE ROUNDS PART WORK…`: plays the works in turns
 * with each side, and prints the samples as JSON.
 */
import { runInTurns } from '../streams/turns.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { streams, works } from './work.ts';

const [engine, rounds, part, ...names] = process.argv.slice(2);
const sides = await (engine === 'postgres' ? openPostgres : openSqlite)(streams);
const results: Record<string, Record<string, readonly number[]>> = {};
for (const work of works.filter(({ name }) => names.includes(name))) {
  const samples = await runInTurns(Object.keys(sides), Number(rounds), async (name) => {
    const side = sides[name];
    return side === undefined ? NaN : work.lap(side, Number(part));
  });
  results[work.name] = Object.fromEntries(
    [...samples].map(([name, values]) => [name, values ?? []]),
  );
}
for (const side of Object.values(sides)) {
  await side.close();
}
console.log(JSON.stringify(results));
