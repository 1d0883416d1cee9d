import { describe, expect, test } from '@jest/globals';
import { escapeControls } from '@reprise/actor/text';

describe('escapeControls', () => {
  test('leaves text that can be read as it is', () => {
    const text = 'plain, "quoted" \\ \u00E9\u6F22\u{1F600} \u{1F469}\u200D\u{1F4BB}';
    expect(escapeControls(text)).toBe(text);
    expect(escapeControls(text, { notation: 'json' })).toBe(text);
  });

  test.each([
    ['\u001B[2J\u0007', String.raw`\x1b[2J\x07`, String.raw`\u001b[2J\u0007`],
    ['\u009B31m\u007F', String.raw`\x9b31m\x7f`, String.raw`\u009b31m\u007f`],
    ['a\r\n\tb\0', String.raw`a\x0d\x0a\x09b\x00`, String.raw`a\u000d\u000a\u0009b\u0000`],
    ['\u202Egnp.exe\u2066', String.raw`\u{202e}gnp.exe\u{2066}`, String.raw`\u202egnp.exe\u2066`],
    ['\u2028\u2029\uFEFF', String.raw`\u{2028}\u{2029}\u{feff}`, String.raw`\u2028\u2029\ufeff`],
    ['\uD800x', String.raw`\u{d800}x`, String.raw`\ud800x`],
  ])('writes %j as escapes, short or as in JSON', (text, short, json) => {
    expect(escapeControls(text)).toBe(short);
    expect(escapeControls(text, { notation: 'json' })).toBe(json);
  });

  test('leaves the characters to keep', () => {
    expect(escapeControls('a\tb\r\n', { keep: '\t\n' })).toBe('a\tb\\x0d\n');
  });

  test('changes nothing that a reader of JSON sees', () => {
    const all = Array.from({ length: 0x1_00_00 }, (_, code) => String.fromCharCode(code)).join('');
    const line = escapeControls(JSON.stringify(all), { notation: 'json' });
    expect(JSON.parse(line)).toBe(all);
    expect(line).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
  });
});
