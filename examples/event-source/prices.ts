/**
 * A program as it would stand in a browser: it imports nothing, and knows of EventSource what
 * everybody knows.
 */
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
