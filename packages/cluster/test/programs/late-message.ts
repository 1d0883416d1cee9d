/**
 * A worker that ends in order, with status 0, and sends its parent a message when that has died:
 * one that the channel refuses. `node --import …/worker.ts?shutdown=60000 late-message.ts`
 */
const alive = setInterval(() => undefined, 1000);
process.once('SIGTERM', () => {
  process.send?.('too late');
  clearInterval(alive);
});
process.send?.('started');
