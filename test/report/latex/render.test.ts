import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeLatex } from '../../../src/report/latex/escape.js';
import { type Grid, textCell } from '../../../src/report/latex/grid.js';
import { heading } from '../../../src/report/latex/headings.js';
import { layOut, WIDTHS } from '../../../src/report/latex/layout.js';
import { renderLatex } from '../../../src/report/latex/render.js';
import { tabulars } from '../../../src/report/latex/tabular.js';
import { hostileNames } from '../run-folder.js';
import { plainNames, sampleResults } from '../sample.js';

describe('escaping', () => {
  test.each([
    ['50% & more', '50\\% \\& more'],
    ['robust_accuracy', 'robust\\_accuracy'],
    ['\\input{x}', '\\textbackslash{}input\\{x\\}'],
    ['a^b~c', 'a\\textasciicircum{}b\\textasciitilde{}c'],
    ['$1 #2 <3>', '\\$1 \\#2 \\textless{}3\\textgreater{}'],
    ['−1', '$-$1'],
    ['two\nlines', 'two lines'],
    ['a "quoted" word', "a {``}quoted'' word"],
    ['a--b', 'a-{}-b'],
    ['2–3', '2{--}3'],
    ['a|b', 'a\\textbar{}b'],
    ['*best', '{*}best'],
    ['é ñ ü ç Å ı', '\\\'{e} \\~{n} \\"{u} \\c{c} \\r{A} \\i{}'],
    ['i\u0308', '\\"{\\i}'],
    ['α Ω ά', '$\\alpha$ $\\Omega$ $\\acute{\\alpha}$'],
    ['ế', '$\\acute{\\hat{\\mathrm{e}}}$'],
    ['ℓ∞ ≤ 8/255', '$\\ell_\\infty$ $\\le$ 8/255'],
    ['10⁻³ x₂', '10$^{-}$$^{3}$ x$_{2}$'],
    ['✓ ⚑', '$\\surd$ \\textbf{!}'],
    ['ﬁne ＡＢ', 'fine AB'],
    ['中文', '\\assayunicode{4E2D}\\assayunicode{6587}'],
    ['Д', '\\assayunicode{0414}'],
    ['🚀', '\\assayunicode{1F680}'],
    ['zero\u200bwidth', 'zerowidth'],
    ['a\u202eb', 'a b'],
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
    const file = (await renderLatex(sampleResults()))[0]!;
    expect(file.path).toBe('tables/comparison.tex');
    expect(file.content).toContain('\\toprule');
    expect(file.content).toContain('\\cmidrule(lr){2-3} \\cmidrule(lr){4-4}');
    expect(file.content).toContain('\\textbf{98.9} {\\scriptsize {[}98.3, 99.2{]}}');
    expect(file.content).toContain('\\underline{69.5}');
    expect(file.content).toContain('$\\ell_\\infty$~8/255');
    expect(file.content).toContain('(\\%)~$\\uparrow$');
  });

  test('every row has as many cells as the head, also under hostile names', async () => {
    const results = sampleResults(hostileNames);
    const files = await renderLatex(results);
    const titles = 1 + results.suites.flatMap((s) => s.tables).length;
    expect(files.filter(({ path }) => !/-\d\.tex$/.test(path))).toHaveLength(titles);
    for (const { path, content } of files) {
      expect(path).toMatch(/^tables\/[a-z0-9-]+\.tex$/);
      const tabulars = [...content.matchAll(/\\begin\{tabular\}\{@\{\}(.*)@\{\}\}\n([\s\S]*?)\\bottomrule/g)];
      expect(tabulars.length).toBeGreaterThan(0);
      for (const [, align, all] of tabulars) {
        const columns = align!.replace(/\{.*?\}/g, '').length;
        const [, body] = all!.split('\\midrule\n') as [string, string];
        for (const row of body.split('\n').slice(0, -1)) {
          expect(row).toMatch(/ \\(\\|tabularnewline)(\[.*\])?$/);
          expect(row.match(/(?<!\\)&/g)).toHaveLength(columns - 1);
        }
      }
      const braces = content.replace(/^%.*$/gm, '').replace(/\\[\\{}]/g, '');
      expect(braces.match(/\}/g)?.length).toBe(braces.match(/\{/g)?.length);
    }
  });

  test('files are ASCII but for their comments, and tell how characters without a glyph are put back', async () => {
    const file = (await renderLatex(sampleResults({ ...plainNames, jem: '模型' })))[0]!;
    expect(file.content.replace(/^%.*$/gm, '')).toMatch(/^[ -~\n]*$/);
    expect(file.content).toContain('\\providecommand{\\assayunicode}');
  });
});

describe('headings', () => {
  test.each([
    ['Accuracy', 'percent', 'higher', 'Accuracy (%)\u00a0↑'],
    ['NLL', 'number', 'lower', 'NLL\u00a0↓'],
    ['Robust accuracy, Linf 8/255', 'percent', 'none', 'Robust accuracy, ℓ∞\u00a08/255 (%)'],
    ['L2 0.5', 'number', 'none', 'ℓ₂\u00a00.5'],
    // Names of systems, not norms.
    ['resnet-L2 8', 'number', 'none', 'resnet-L2 8'],
    ['L2', 'number', 'none', 'L2'],
  ] as const)('%s, %s, %s', (title, format, better, expected) => {
    expect(heading(title, format, better)).toBe(expected);
  });
});

describe('layout', () => {
  const grid = (rows: number, columns: number, interval = '[96.5, 98.4]'): Grid => ({
    stub: 1,
    columns: [
      { title: 'System', numeric: false },
      ...Array.from({ length: columns }, (_, i) => ({ title: `Measure ${i}`, numeric: true })),
    ],
    rows: Array.from({ length: rows }, (_, i) => [
      textCell(`system-${i}`),
      ...Array.from({ length: columns }, () => ({ text: '97.6', interval, standing: 'other' as const })),
    ]),
  });
  const shape = (table: Grid, width: number) => {
    const { form, panels, grid: set } = layOut(table, width);
    return { below: form.below, turned: set !== table, panels: panels.length };
  };

  test.each([
    ['what fits stands as it is', grid(4, 3), { below: false, turned: false, panels: 1 }],
    ['intervals go below', grid(4, 6), { below: true, turned: false, panels: 1 }],
    ['few systems become columns', grid(4, 12), { below: false, turned: true, panels: 1 }],
    ['many rows are set in panels', grid(20, 12), { below: true, turned: false, panels: 2 }],
    ['numbers alone are narrow', grid(20, 8, ''), { below: false, turned: false, panels: 1 }],
  ] as const)('%s', (_, table, expected) => {
    expect(shape(table, WIDTHS.text)).toEqual(expected);
  });

  test('a long table takes several pages, which together hold every row once', () => {
    const pages = tabulars(grid(120, 2), WIDTHS.text);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.join('').match(/system-\d+ &/g)).toHaveLength(120);
  });
});
