import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeLatex, renderLatex } from '../../src/report/latex.js';
import { hostileNames } from './run-folder.js';
import { sampleResults } from './sample.js';

describe('escaping', () => {
  test.each([
    ['50% & more', '50\\% \\& more'],
    ['robust_accuracy', 'robust\\_accuracy'],
    ['\\input{x}', '\\textbackslash{}input\\{x\\}'],
    ['a^b~c', 'a\\textasciicircum{}b\\textasciitilde{}c'],
    ['$1 #2 <3>', '\\$1 \\#2 \\textless{}3\\textgreater{}'],
    ['−1', '$-$1'],
    ['two\nlines', 'two lines'],
  ])('%j becomes %j', (text, latex) => {
    expect(escapeLatex(text)).toBe(latex);
  });

  test('whatever the text, no command but ours and balanced braces remain', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'\\{}$&#%_^~<>[]ab\n') });
    const known =
      /\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater)\{\}|\\[{}$&#%_]|\{[[\]]\}/g;
    fc.assert(
      fc.property(nasty, (text) => {
        expect(escapeLatex(text).replace(known, '')).toMatch(/^[ab ]*$/);
      }),
    );
  });
});

describe('tables', () => {
  test('the comparison prints as papers do', async () => {
    const [file] = await renderLatex(sampleResults());
    expect(file.path).toBe('tables/comparison.tex');
    expect(file.content).toContain('\\toprule');
    expect(file.content).toContain('\\cmidrule(lr){2-3} \\cmidrule(lr){4-4}');
    expect(file.content).toContain('\\textbf{98.9\\%} {\\scriptsize {[}98.3, 99.2{]}}');
    expect(file.content).toContain('\\underline{69.5\\%}');
  });

  test('every row has as many cells as the head, also under hostile names', async () => {
    const results = sampleResults(hostileNames);
    const files = await renderLatex(results);
    expect(files).toHaveLength(1 + results.suites.flatMap((s) => s.tables).length);
    for (const { path, content } of files) {
      expect(path).toMatch(/^tables\/[a-z0-9-]+\.tex$/);
      const align = content.match(/\\begin\{tabular\}\{([lr]+)\}/)?.[1] ?? '';
      const body = content.slice(content.indexOf('\\midrule'), content.indexOf('\\bottomrule'));
      for (const row of body.split('\n').slice(1, -1)) {
        expect(row.endsWith(' \\\\')).toBe(true);
        expect(row.match(/(?<!\\)&/g)).toHaveLength(align.length - 1);
      }
      const opened = content.replace(/\\[{}]/g, '').match(/\{/g)?.length;
      expect(content.replace(/\\[{}]/g, '').match(/\}/g)?.length).toBe(opened);
    }
  });
});
