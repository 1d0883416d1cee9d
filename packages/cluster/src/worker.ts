import { endWithParent } from './workers/end-with-parent.ts';

endWithParent(import.meta.url);
