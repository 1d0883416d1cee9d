import { assign, setup } from 'xstate';

export const counter = setup({
  types: {
    context: {} as { readonly count: number },
    events: {} as { readonly type: 'add'; readonly by: number },
  },
}).createMachine({
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
});
