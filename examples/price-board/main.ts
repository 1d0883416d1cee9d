/**
 * A client that feeds another process. The client knows the board by its name only; both are
 * children of one supervisor. When the board crashes, it is started again without its prices, and
 * `restForOne` starts the client again as well, which reads the stream from the beginning.
 *
 * `node --conditions=@reprise/source examples/price-board/main.ts URL`, until Ctrl+C.
 */
import { Application } from '@reprise/sse';

import * as Board from './board.ts';
import * as Prices from './prices.ts';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('Expected a URL, got none');
  process.exit(2);
}

Application.run({
  strategy: 'restForOne',
  children: [Board.childSpec(), Prices.childSpec(url)],
});
