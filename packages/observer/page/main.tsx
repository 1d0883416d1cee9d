// oxlint-disable-next-line import/no-unassigned-import -- Vite makes a file of it
import './style.css';
import { render } from 'preact';

import { start } from './store.ts';
import { App } from './view/app.tsx';

const root = document.getElementById('root');
if (root !== null) {
  render(<App />, root);
  start();
}
