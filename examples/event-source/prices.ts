/** Code as written for a browser: it imports nothing, and uses the global EventSource. */
export function followPrices(url: string): void {
  const prices = new EventSource(url);

  prices.onopen = () => {
    console.log('connected');
  };

  prices.addEventListener('price', (event) => {
    const { data, lastEventId } = event as MessageEvent;
    console.log(`price ${lastEventId}: ${data}`);
  });

  prices.addEventListener('bye', () => {
    prices.close();
  });

  prices.onerror = ({ message }) => {
    const next = prices.readyState === EventSource.CLOSED ? 'giving up' : 'trying again';
    console.log(`${message}, ${next}`);
  };
}
