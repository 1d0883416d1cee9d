/** The same program with Reprise. `node --conditions=@reprise/source reprise.ts URL` */
import { Application, SseClient } from '@reprise/sse';

const [url = ''] = process.argv.slice(2);
Application.run({
  strategy: 'oneForOne',
  children: [SseClient.resilient({ id: 'feed', url, handle: (event) => console.log(event.data) })],
});
