/**
 * `API_KEY=… node --conditions=@reprise/source examples/guarded-sdk/main.ts URL QUESTION`: prints
 * the answer as it arrives, or why it broke off. `IDLE_TIMEOUT`, in ms, is 60 s by default.
 */
import { ask, reasonOf } from './guarded-sdk.ts';

const [baseURL, question] = process.argv.slice(2);
if (baseURL === undefined || question === undefined) {
  console.error('Expected URL and QUESTION, got fewer arguments');
  process.exit(2);
}

const apiKey = process.env['API_KEY'] ?? 'none';
const idleTimeout = Number(process.env['IDLE_TIMEOUT'] ?? 60_000);
try {
  for await (const piece of ask({ baseURL, apiKey, idleTimeout }, question)) {
    console.log(piece);
  }
} catch (error) {
  console.error(reasonOf(error) ?? error);
  process.exitCode = 1;
}
