import { execFileSync } from 'node:child_process';
import type { TopLevelSpec } from 'vega-lite';
import { expect, test } from 'vitest';
import { createPalette } from '../../../src/report/plots/palette.js';
import { draw, type Plotted } from '../../../src/report/plots/plots.js';
import { createPlotter } from '../../../src/report/plots/plotter.js';
import { renderPlot } from '../../../src/report/plots/render-svg.js';
import { sampleResults } from '../sample.js';

const figures = sampleResults()
  .suites.flatMap((suite) => suite.figures)
  .filter((figure): figure is Plotted => figure.kind !== 'images');
/** One of each kind. */
const specs = [...new Map(figures.map((figure) => [figure.kind, figure])).values()].map(
  (figure) => draw(figure, createPalette([])).spec,
);

/** So many that a thread draws them, where there is a second core. */
const MANY = 100;

test('many plots are the same as few, in any order of drawing', async () => {
  const plotter = createPlotter(MANY);
  const apart = await Promise.all(specs.map((spec, i) => plotter.draw(spec, `f${i}`, 'label')));
  await plotter.close();
  for (const [i, spec] of specs.entries()) expect(apart[i]).toEqual(await renderPlot(spec, `f${i}`, 'label'));
});

test('a plot that cannot be drawn says why, and the next is drawn', async () => {
  const plotter = createPlotter(MANY);
  const broken = { mark: 'no such mark', encoding: {} } as unknown as TopLevelSpec;
  const [bad, good] = await Promise.allSettled([
    plotter.draw(broken, 'f', 'label'),
    plotter.draw(specs[0]!, 'f', 'label'),
  ]);
  await plotter.close();
  const here = await renderPlot(broken, 'f', 'label').catch((error: unknown) => error);
  expect(bad).toMatchObject({ reason: { code: 'data-invalid', message: (here as Error).message } });
  expect(good.status).toBe('fulfilled');
});

test('what a thread leaves undone is drawn here', async () => {
  const plotter = createPlotter(MANY);
  const asked = plotter.draw(specs[0]!, 'f', 'label');
  await plotter.close();
  const expected = await renderPlot(specs[0]!, 'f', 'label');
  expect(await asked).toEqual(expected);
  expect(await plotter.draw(specs[0]!, 'f', 'label')).toEqual(expected);
});

test('where no thread may start, plots are drawn here', () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const module = new URL('../../../dist/src/report/plots/plotter.js', import.meta.url);
  const code = `const { createPlotter } = await import(${JSON.stringify(module.href)});
    const plotter = createPlotter(${MANY});
    const { svg } = await plotter.draw({ data: { values: [{ x: 1 }] }, mark: 'point', encoding: {} }, 'f', 'label');
    await plotter.close();
    console.log(svg.slice(0, 4));`;
  const options = [flag, '--allow-fs-read=*', '--no-warnings', '--input-type=module', '--eval', code];
  expect(execFileSync(process.execPath, options, { encoding: 'utf8' }).trim()).toBe('<svg');
});
