import { readFileSync } from 'node:fs';

import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { streamText } from 'ai';
import OpenAI from 'openai';

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** An SDK at work: it resolves with how the answer ended, or throws. */
export interface Sdk {
  readonly title: string;
  readonly package: string;
  /** The start of an answer. */
  readonly start: string;
  readonly run: (url: string, fetch: Fetch) => Promise<string>;
}

/** One attempt each: a repeated one is a decision of the SDK, and takes as long again. */
const apiKey = 'key';
const maxRetries = 0;

const openAiChunk = JSON.stringify({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }],
});

const anthropicEvents = [
  {
    type: 'message_start',
    message: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
];

export const sdks: readonly Sdk[] = [
  {
    title: 'OpenAI',
    package: 'openai',
    start: `data: ${openAiChunk}\n\n`,
    run: async (url, fetch) => {
      const client = new OpenAI({ apiKey, baseURL: url, fetch, maxRetries, logLevel: 'off' });
      const stream = await client.chat.completions.create({
        model: 'm',
        messages: [{ role: 'user', content: 'Hello?' }],
        stream: true,
      });
      let text = '';
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
      }
      return `"${text}" as an answer`;
    },
  },
  {
    title: 'Anthropic',
    package: '@anthropic-ai/sdk',
    start: anthropicEvents
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join(''),
    run: async (url, fetch) => {
      const client = new Anthropic({ apiKey, baseURL: url, fetch, maxRetries, logLevel: 'off' });
      const stream = await client.messages.create({
        model: 'm',
        max_tokens: 10,
        messages: [{ role: 'user', content: 'Hello?' }],
        stream: true,
      });
      let text = '';
      for await (const event of stream) {
        const isText = event.type === 'content_block_delta' && event.delta.type === 'text_delta';
        text += isText && 'text' in event.delta ? event.delta.text : '';
      }
      return `"${text}" as an answer`;
    },
  },
  {
    title: 'AI SDK',
    package: 'ai',
    start: `data: ${openAiChunk}\n\n`,
    run: async (url, fetch) => {
      const provider = createOpenAI({ apiKey, baseURL: url, fetch });
      const { fullStream } = streamText({
        model: provider.chat('m'),
        prompt: 'Hello?',
        maxRetries,
        onError: () => undefined,
      });
      let text = '';
      for await (const part of fullStream) {
        if (part.type === 'error') {
          throw part.error;
        }
        text += part.type === 'text-delta' ? part.text : '';
      }
      return `"${text}" as an answer`;
    },
  },
  {
    title: 'MCP',
    package: '@modelcontextprotocol/client',
    start: ': hello\n\n',
    run: async (url, fetch) => {
      const client = new Client({ name: 'bench', version: '1' });
      const failed = new Promise<never>((_, reject) => {
        client.onerror = reject;
      });
      const transport = new StreamableHTTPClientTransport(new URL(url), { fetch });
      await Promise.race([client.connect(transport), failed]);
      return 'connected';
    },
  },
];

export function versionOf(sdk: Sdk): string {
  const manifest = new URL(`../node_modules/${sdk.package}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
}
