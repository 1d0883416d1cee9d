import { expect, test } from '@jest/globals';

import { NotOwnerError } from '../src/index.ts';

test('the error of a refused write names the stream and the epoch', () => {
  const error = new NotOwnerError({ key: 'eur', epoch: 3 });
  expect(error.message).toBe(
    'Expected to own eur at epoch 3, got a row that was changed by another node',
  );
  expect(error).toMatchObject({ name: 'NotOwnerError', key: 'eur' });
});
