import { beforeAll, describe, expect, test } from 'vitest';
import { ACCENTS, SYMBOLS } from '../../../src/report/latex/characters.js';
import { escapeLatex } from '../../../src/report/latex/escape.js';
import { type Grid, textCell } from '../../../src/report/latex/grid.js';
import { WIDTHS } from '../../../src/report/latex/layout.js';
import { renderLatex } from '../../../src/report/latex/render.js';
import { tabulars } from '../../../src/report/latex/tabular.js';
import { textWidth } from '../../../src/report/latex/widths.js';
import { compile, complaints, document, documentsOf, whyNoTex } from '../../tex.js';
import { hostileNames } from '../run-folder.js';
import { type SampleNames, sampleResults } from '../sample.js';

/** Names in characters of every kind, some long and without a place to break. */
const foreignNames: SampleNames = {
  title: 'Ω & Größe — “quoted” „tief“ ½ ¿? ✓ ∞ 模型 Модель 🚀 é ế ά',
  baseline: 'Straße_Łódź-øre/æther~naïve^x{y}<z>|`´\'"--,,¡',
  robust: 'aVeryLongNameWithoutAnyPlaceToBreakItAtAllForSixtyCharacters123',
  jem: '*模型-робастность-🚀-ϵ=8⁄255',
  purified: '[1] −α₂β²∇≤≥≠≈±×·√∞ℓ∞‖x‖₂ ½ ﬁ ２ 𝐱',
  scalar: '\\textbf{x} \u202Ereversed\u202C zero\u200Bwidth \u0000 \ud800 e\u0301\u0323 \u0301',
};

const why = whyNoTex();

describe.skipIf(why !== undefined)('with a real TeX', () => {
  test.for([
    ['plain', undefined],
    ['hostile', hostileNames],
    ['foreign', foreignNames],
  ] as const)('every table of a run compiles and fits, names %s', async ([, names]) => {
    const files = await renderLatex(sampleResults(names));
    const logs = await compile(documentsOf(files, true), files);
    expect(Object.values(logs).flatMap(complaints)).toEqual([]);
  });

  test('tables of every shape fit the text and one column of two', async () => {
    for (const width of ['text', 'column'] as const) {
      const files = Object.entries(shapes).flatMap(([name, grid]) =>
        tabulars(grid, WIDTHS[width]).map((content, i) => ({ path: `${name}-${i}.tex`, content })),
      );
      const logs = await compile(documentsOf(files, width === 'text'), files);
      expect(Object.values(logs).flatMap(complaints)).toEqual([]);
    }
  });

  describe('characters', () => {
    const letters = [...'aeioucnsyzAEIOUCNSYZij'];
    const texts = [
      ...Object.keys(SYMBOLS),
      ...Object.keys(ACCENTS).flatMap((mark) => [...letters, 'α'].map((letter) => letter + mark)),
      'x\u0302\u0301',
      ...Object.values(foreignNames),
    ];
    let log: Record<string, string> = {};
    const body = texts
      .map((text, i) => `\\setbox0\\hbox{${escapeLatex(text)}}\\typeout{WIDTH ${i} \\the\\wd0}`)
      .join('\n');
    const unicode = '\\newcommand{\\assayunicode}[1]{\\textless{}U+#1\\textgreater{}}';
    beforeAll(async () => {
      log = await compile({
        OT1: document(`\\small ${body}`, unicode),
        T1: document(`\\small ${body}`, `\\usepackage[T1]{fontenc}${unicode}`),
      });
    });

    test.each(['OT1', 'T1'])('all print in the encoding %s', (encoding) => {
      expect(complaints(log[encoding]!)).toEqual([]);
      const widths = [...log[encoding]!.matchAll(/^WIDTH (\d+) ([\d.]+)pt$/gm)];
      expect(widths.map(([, i]) => Number(i))).toEqual(texts.map((_, i) => i));
      // Nothing vanishes.
      expect(widths.filter(([, , width]) => Number(width) === 0)).toEqual([]);
    });

    test('none is wider than the layout takes it to be', () => {
      const wider = [...log.OT1!.matchAll(/^WIDTH (\d+) ([\d.]+)pt$/gm)]
        .map(([, i, width]) => ({ text: texts[Number(i)], width: Number(width) }))
        .filter(({ text, width }) => width > textWidth(text, 'small') + 0.01);
      expect(wider).toEqual([]);
    });
  });
});

const number = (text: string, interval = '') => ({ text, interval, standing: 'other' as const });
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

const shapes: Record<string, Grid> = {
  empty: { stub: 1, columns: [{ title: 'System', numeric: false }], rows: [] },
  'few-rows': {
    stub: 1,
    columns: [
      { title: 'System', numeric: false },
      ...range(14).map((i) => ({
        title: `Robust accuracy, ℓ∞\u00a0${i}/255 (%)\u00a0↑`,
        group: i < 7 ? 'Adversarial robustness' : 'Out-of-distribution detection',
        numeric: true,
      })),
    ],
    rows: range(4).map((i) => [
      textCell(`system-${i}`),
      ...range(14).map(() => number('97.6', '[96.5, 98.4]')),
    ]),
  },
  'many-rows-and-columns': {
    stub: 1,
    columns: [
      { title: 'Label', numeric: false },
      ...range(100).map((i) => ({ title: `class_${i}`, numeric: true })),
    ],
    rows: range(100).map((i) => [textCell(`class_${i}`), ...range(100).map((j) => number(String(i * j)))]),
  },
  prose: {
    stub: 1,
    columns: ['flag', 'raised when', 'why it matters', 'what to do'].map((title) => ({
      title,
      numeric: false,
    })),
    rows: range(12).map((i) => [
      textCell(`a-flag-with-a-name-${i}`),
      ...range(3).map(() =>
        textCell(
          'a result that does not come out again is none, see tests/very_long_path/without/spaces/in-it.txt',
        ),
      ),
    ]),
  },
};
