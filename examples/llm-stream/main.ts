/**
 * `API_KEY=… node --conditions=@reprise/source examples/llm-stream/main.ts URL QUESTION`: prints
 * the answer as it arrives.
 */
import { ask } from './llm-stream.ts';

const [url, content] = process.argv.slice(2);
if (url === undefined || content === undefined) {
  console.error('Expected URL and QUESTION, got fewer arguments');
  process.exit(2);
}

const apiKey = process.env['API_KEY'] ?? '';
for await (const piece of ask({ url, apiKey, messages: [{ role: 'user', content }] })) {
  process.stdout.write(piece);
}
process.stdout.write('\n');
